"""What pages and files of receivables show; each stands on `receivables.domain.ledger.open_items`."""
