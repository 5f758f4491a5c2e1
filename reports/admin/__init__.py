"""Report pages: each module has its page, its URL and its menu entry."""

from reports.admin import activity, invariants
from reports.admin.desk import flags
from reports.admin.explorer import page as explorer

__all__ = ["activity", "explorer", "flags", "invariants"]
