"""The way to ask for charges."""
