"""Who is asking, and what each route demands of them."""
