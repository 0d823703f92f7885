"""The verbs: they take ports, return model objects, never print and never exit."""
