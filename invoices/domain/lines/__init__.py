"""The lines of an invoice, their detail, and the totals."""
