"""Report pages: each module has its page, its URL and its menu entry."""

from reports.admin import activity, invariants
from reports.admin.desk import flags

__all__ = ["activity", "flags", "invariants"]
