"""Report pages: each module has its page, its URL and its menu entry."""

from reports.admin import activity, invariants
from reports.admin.explorer import page as explorer
from reports.admin.exports import export_admin
from reports.admin.saved import report_admin, schedule_admin

__all__ = ["activity", "explorer", "export_admin", "invariants", "report_admin", "schedule_admin"]
