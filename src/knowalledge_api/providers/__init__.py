"""Who writes the content: one protocol, and a provider that needs no network."""
