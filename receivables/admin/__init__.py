"""The admin pages of this app; each module registers its own."""

from receivables.admin import books, einvoices

__all__ = ["books", "einvoices"]
