"""Users, their keys and tokens, and the record of what was done to them, in the tables."""
