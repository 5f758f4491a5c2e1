"""Drafts tried on past periods and on one example."""
