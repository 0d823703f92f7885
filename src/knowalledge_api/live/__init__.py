"""What every worker does right now, told over a private channel even while it is stuck."""
