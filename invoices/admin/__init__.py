"""Finance's pages: billing runs and invoices."""

from invoices.admin import invoices, runs

__all__ = ["invoices", "runs"]
