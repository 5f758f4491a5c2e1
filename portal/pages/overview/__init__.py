"""The overview: the month so far."""
