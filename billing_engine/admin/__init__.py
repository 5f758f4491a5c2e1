"""Admin pages that belong to no app: approvals for everyone; users, roles and the schedule for superusers."""

from billing_engine.admin import approvals, menu, schedule, users

__all__ = ["approvals", "menu", "schedule", "users"]
