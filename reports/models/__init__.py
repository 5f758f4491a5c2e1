"""What reports keep for themselves: alerts, files that people asked for, and what forecasts start from."""

from reports.models.alert import Alert, AlertKind, AlertMail, AlertSubscription
from reports.models.export import Export, ExportPart
from reports.models.forecast_basis import ForecastBasis

__all__ = ["Alert", "AlertKind", "AlertMail", "AlertSubscription", "Export", "ExportPart", "ForecastBasis"]
