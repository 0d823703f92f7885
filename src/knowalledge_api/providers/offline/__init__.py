"""Content without a network: one module a kind of text, and the provider that uses them."""
