"""Open items on a basis, and what stands on them."""
