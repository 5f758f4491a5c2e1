"""What customers owe after an invoice is issued: the ledger, open items and what settles them."""
