"""Disputes: opened, followed, answered and withdrawn."""
