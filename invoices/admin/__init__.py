"""Finance's pages: billing runs and invoices."""

from invoices.admin import charges, invoices, lines, periods, runs, schedules

__all__ = ["charges", "invoices", "lines", "periods", "runs", "schedules"]
