"""The words of the offline provider, one module a language."""
