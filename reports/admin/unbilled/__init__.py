"""Unbilled as of a day: its page and its file."""

from reports.admin.unbilled import page

__all__ = ["page"]
