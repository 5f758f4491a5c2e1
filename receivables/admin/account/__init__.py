"""The page of a customer's account, and its notes."""
