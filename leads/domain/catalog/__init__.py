"""Products, action types and sources: what they are, and their facts from a first day on."""
