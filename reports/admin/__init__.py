"""Report pages: each module has its page, its URL and its menu entry."""

from reports.admin import activity, invariants
from reports.admin.alerts import alert_admin, settings_page
from reports.admin.explorer import page as explorer
from reports.admin.sources import health, ranking

__all__ = ["activity", "alert_admin", "explorer", "health", "invariants", "ranking", "settings_page"]
