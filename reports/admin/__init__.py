"""Report pages: each module has its page, its URL and its menu entry."""

from reports.admin import activity, invariants

__all__ = ["activity", "invariants"]
