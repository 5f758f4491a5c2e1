"""Ageing as a page and as a file, and the items behind each figure."""
