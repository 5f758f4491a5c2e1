"""Parts of the settings with names of their own: log-in, and background tasks."""
