"""Pricing: what an action costs, and why."""
