"""Terms of customers and details of companies are revisions."""
