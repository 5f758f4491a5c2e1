"""Admin pages for superusers only: people, invitations, roles and the schedule."""

from billing_engine.admin import invitations, menu, people, roles, schedule

__all__ = ["invitations", "menu", "people", "roles", "schedule"]
