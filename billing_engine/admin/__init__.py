"""The pages that only superusers see: people, roles and the schedule."""

from billing_engine.admin import schedule, users

__all__ = ["schedule", "users"]
