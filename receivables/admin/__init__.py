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
"""Finance's pages of what customers owe."""

from receivables.admin import at_a_glance
from receivables.admin.ageing import items, page
from receivables.admin.ledger import document_admin, trial_balance
from receivables.admin.statements import page as statement_page

__all__ = ["at_a_glance", "document_admin", "items", "page", "statement_page", "trial_balance"]
