"""Report pages: each module has its page, its URL and its menu entry."""

from reports.admin import forecast, invariants, prices, unbilled
from reports.admin.alerts import alert_admin, settings_page
from reports.admin.customer import activity
from reports.admin.customer import forecast as customer_forecast
from reports.admin.customer import prices as customer_prices
from reports.admin.desk import flags
from reports.admin.explorer import page as explorer
from reports.admin.exports import export_admin
from reports.admin.saved import report_admin, schedule_admin
from reports.admin.sources import disputed, health, ranking

__all__ = [
    "activity",
    "alert_admin",
    "customer_forecast",
    "customer_prices",
    "disputed",
    "explorer",
    "export_admin",
    "flags",
    "forecast",
    "health",
    "invariants",
    "prices",
    "ranking",
    "report_admin",
    "schedule_admin",
    "settings_page",
    "unbilled",
]
