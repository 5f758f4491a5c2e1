"""Rate stored periods: read actions, write charges."""
