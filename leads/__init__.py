"""Leads: who is billed, and what came in."""
