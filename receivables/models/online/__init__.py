"""Paying online: links with their checkout sessions, and what the payment provider told us."""
