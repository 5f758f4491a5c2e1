"""Explanations of charges, and proofs of closed periods."""
