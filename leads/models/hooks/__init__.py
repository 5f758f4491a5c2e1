"""Inbound webhooks, and their refused calls."""

from leads.models.hooks.hook import Hook
from leads.models.hooks.refusal import HookRefusal

__all__ = ["Hook", "HookRefusal"]
