"""The pages of reminders: preview and run, the log, levels and their wording, and pauses."""
