"""Finance's pages: billing runs and invoices."""

from invoices.admin import invoices, periods, runs, schedules

__all__ = ["invoices", "periods", "runs", "schedules"]
