"""Doors for others: the page at which a customer pays, and the address to which Stripe sends its events."""
