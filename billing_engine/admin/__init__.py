"""The pages that only superusers see: people, roles and the schedule."""

from billing_engine.admin import menu, schedule, users

__all__ = ["menu", "schedule", "users"]
