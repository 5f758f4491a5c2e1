"""What reports keep for themselves: files that people asked for, and what forecasts start from."""

from reports.models.export import Export, ExportPart
from reports.models.forecast_basis import ForecastBasis

__all__ = ["Export", "ExportPart", "ForecastBasis"]
