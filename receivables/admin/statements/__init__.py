"""Statements of account, as a page and as a PDF."""
