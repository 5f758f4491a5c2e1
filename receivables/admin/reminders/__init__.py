"""The pages of reminders: preview and run, the log, levels and texts, and pauses."""
