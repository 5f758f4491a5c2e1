"""Emails to customers: one description of what they say, as text and as HTML."""
