"""Statements of account: what a customer owed, what came and went, and what is open at the end."""
