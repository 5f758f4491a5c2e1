"""Admin pages for superusers only: users, roles and the schedule."""

from billing_engine.admin import deeds, menu, schedule, users

__all__ = ["deeds", "menu", "schedule", "users"]
