"""Billing runs: which periods are billed, closed and drafted."""
