"""What the invoices storey can do."""
