"""What is on an invoice, and how it adds up."""
