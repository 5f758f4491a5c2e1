"""Finance's pages: billing runs and invoices."""

from invoices.admin import charges, finding, invoices, lines, mails, periods, runs, schedules

__all__ = ["charges", "finding", "invoices", "lines", "mails", "periods", "runs", "schedules"]
