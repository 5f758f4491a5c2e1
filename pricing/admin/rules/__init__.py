"""The pages of price rules."""
