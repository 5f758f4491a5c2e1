"""Commands of the invoices app."""
