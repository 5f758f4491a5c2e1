"""The ledger: documents are posted, items are matched; nothing is ever edited."""
