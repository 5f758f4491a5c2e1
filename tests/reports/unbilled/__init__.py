"""What was not invoiced yet at the end of a day."""
