"""The price list of a day: its page and its files."""

from reports.admin.prices import page

__all__ = ["page"]
