"""Exports to the books: files that add up to the ledger, kept byte for byte."""
