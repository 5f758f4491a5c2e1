"""Admin pages that belong to no app: approvals and deeds; people, invitations, roles and the schedule for superusers."""

from billing_engine.admin import approvals, deeds, invitations, menu, people, roles, schedule

__all__ = ["approvals", "deeds", "invitations", "menu", "people", "roles", "schedule"]
