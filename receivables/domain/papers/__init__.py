"""PDFs for customers, other than invoices: requested with their content, typeset, stored with their digest, and mailed."""
