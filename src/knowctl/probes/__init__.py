"""The only hands: each reads or changes one real thing and returns frozen facts."""
