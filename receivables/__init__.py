"""What becomes of an issued invoice: the ledger, open items and what settles them."""
