"""The pages of one invoice and of the list of invoices."""
