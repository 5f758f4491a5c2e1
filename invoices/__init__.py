"""Invoices: what a customer owes."""
