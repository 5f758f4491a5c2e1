"""Who may open what, and whether the log-in is recent enough."""
