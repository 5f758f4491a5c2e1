"""Report pages: each module has its page, its URL and its menu entry."""

from reports.admin import activity, invariants
from reports.admin.sources import health, ranking

__all__ = ["activity", "health", "invariants", "ranking"]
