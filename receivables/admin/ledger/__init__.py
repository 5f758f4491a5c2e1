"""The documents of the ledger with their postings and matches, and the trial balance."""
