"""Inbound webhooks, their refused calls, and leads that are fetched from their sender."""

from leads.models.hooks.fetch import HookFetch
from leads.models.hooks.hook import Hook
from leads.models.hooks.refusal import HookRefusal

__all__ = ["Hook", "HookFetch", "HookRefusal"]
