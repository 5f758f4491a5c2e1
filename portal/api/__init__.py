"""The customer API: what the portal shows, and disputes, for a customer's own programs."""
