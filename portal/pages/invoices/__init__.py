"""Invoices: the list, one invoice with its files, a line with its charges, and why a charge costs what it costs."""
