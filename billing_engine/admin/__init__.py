"""Admin pages for superusers only: users, roles and the schedule."""

from billing_engine.admin import menu, schedule, users

__all__ = ["menu", "schedule", "users"]
