"""Admin pages for superusers only: people, invitations, roles and the schedule; and the log of deeds."""

from billing_engine.admin import deeds, invitations, menu, people, roles, schedule

__all__ = ["deeds", "invitations", "menu", "people", "roles", "schedule"]
