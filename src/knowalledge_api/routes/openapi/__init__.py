"""The description of the API, made from its routes, models and policies."""
