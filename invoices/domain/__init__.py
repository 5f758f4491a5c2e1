"""The business rules of invoices."""
