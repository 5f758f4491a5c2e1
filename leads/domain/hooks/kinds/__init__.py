"""The kinds of senders: one file for each, with how it signs and what it sends."""
