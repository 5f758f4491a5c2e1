"""Unbilled as of a day: its page and its files."""

from reports.admin.unbilled import page

__all__ = ["page"]
