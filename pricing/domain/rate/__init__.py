"""Stored periods rated: actions in, charges out."""
