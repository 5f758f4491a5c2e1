"""Customers, and the leads that sources send."""
