"""Finance's pages: billing runs and invoices."""

from invoices.admin import charges, invoices, lines, mails, periods, runs, schedules

__all__ = ["charges", "invoices", "lines", "mails", "periods", "runs", "schedules"]
