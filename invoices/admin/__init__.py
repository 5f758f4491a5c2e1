"""Finance's pages: billing runs and invoices."""

from invoices.admin import invoices, periods, runs

__all__ = ["invoices", "periods", "runs"]
