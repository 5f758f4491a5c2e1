"""Finance's pages of what customers owe; each module registers its own."""

from receivables.admin import books, einvoices
from receivables.admin.disputes import dispute_admin, line_links, open_page, reason_admin
from receivables.admin.webhooks import by_email, delivery_admin, endpoint_admin

__all__ = [
    "books",
    "by_email",
    "delivery_admin",
    "dispute_admin",
    "einvoices",
    "endpoint_admin",
    "line_links",
    "open_page",
    "reason_admin",
]
