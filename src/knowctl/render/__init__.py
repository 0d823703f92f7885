"""The only voice: from a result to text or JSON."""
