"""Billing runs, their schedules and their blockers."""
