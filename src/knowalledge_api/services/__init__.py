"""Use cases without Flask: each takes what it needs and answers with frozen data."""
