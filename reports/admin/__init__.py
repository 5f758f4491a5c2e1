"""Report pages: each module has its page, its URL and its menu entry."""

from reports.admin import activity, invariants, prices, unbilled

__all__ = ["activity", "invariants", "prices", "unbilled"]
