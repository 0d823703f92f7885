"""The one place that decides whether Redis keeps what servers share, or their own memory."""
