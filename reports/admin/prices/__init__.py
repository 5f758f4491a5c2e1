"""The price list of a day: its page and its file."""

from reports.admin.prices import page

__all__ = ["page"]
