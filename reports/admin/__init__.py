"""Report pages: each module has its page, its URL and its menu entry."""

from reports.admin import activity, customer_forecast, forecast, invariants, prices, unbilled
from reports.admin.desk import flags
from reports.admin.explorer import page as explorer
from reports.admin.exports import export_admin

__all__ = [
    "activity",
    "customer_forecast",
    "explorer",
    "export_admin",
    "flags",
    "forecast",
    "invariants",
    "prices",
    "unbilled",
]
