"""The nouns: what commands find out and decide, frozen and free of any library."""
