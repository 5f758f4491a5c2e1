"""Finance's pages of what customers owe; each module registers its own."""

from receivables.admin import books, einvoices
from receivables.admin.disputes import dispute_admin, line_links, open_page, reason_admin

__all__ = ["books", "dispute_admin", "einvoices", "line_links", "open_page", "reason_admin"]
"""The pages of receivables."""

from receivables.admin.webhooks import by_email, delivery_admin, endpoint_admin

__all__ = ["by_email", "delivery_admin", "endpoint_admin"]
