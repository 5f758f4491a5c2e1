"""Admin pages that belong to no app: approvals and deeds; users, roles and the schedule for superusers."""

from billing_engine.admin import approvals, deeds, menu, schedule, users

__all__ = ["approvals", "deeds", "menu", "schedule", "users"]
