"""Settle refused items: fix, retry, replace or discard."""
