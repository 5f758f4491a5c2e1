"""Report pages: each module has its page, its URL and its menu entry."""

from reports.admin import activity, explorer, invariants
from reports.admin.desk import flags

__all__ = ["activity", "explorer", "flags", "invariants"]
