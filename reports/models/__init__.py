"""What reports keep for themselves: saved questions and their schedules, alerts, files, and what forecasts start from."""

from reports.models.alert import Alert, AlertKind, AlertMail, AlertSubscription
from reports.models.export import Export, ExportPart
from reports.models.forecast_basis import ForecastBasis
from reports.models.mailing import ReportMailing
from reports.models.saved import ReportSchedule, SavedReport

__all__ = [
    "Alert",
    "AlertKind",
    "AlertMail",
    "AlertSubscription",
    "Export",
    "ExportPart",
    "ForecastBasis",
    "ReportMailing",
    "ReportSchedule",
    "SavedReport",
]
