"""Who writes the content: one protocol, Gemini, and a provider that needs no network."""
