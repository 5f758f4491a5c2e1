"""Invoices over HTTP, to be read."""
