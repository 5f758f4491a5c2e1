"""What reports keep for themselves."""

from reports.models.forecast_basis import ForecastBasis

__all__ = ["ForecastBasis"]
