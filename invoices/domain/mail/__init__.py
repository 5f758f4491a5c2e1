"""Send issued invoices by email: request, deliver, retry and record."""
