"""Finance's pages of what customers owe; each module registers its own."""

from receivables.admin import at_a_glance, books, einvoices
from receivables.admin.account import note
from receivables.admin.account import page as account_page
from receivables.admin.ageing import items, page
from receivables.admin.disputes import dispute_admin, line_links, open_page, reason_admin
from receivables.admin.ledger import document_admin, trial_balance
from receivables.admin.statements import page as statement_page
from receivables.admin.webhooks import by_email, delivery_admin, endpoint_admin

__all__ = [
    "account_page",
    "at_a_glance",
    "books",
    "by_email",
    "delivery_admin",
    "dispute_admin",
    "document_admin",
    "einvoices",
    "endpoint_admin",
    "items",
    "line_links",
    "note",
    "open_page",
    "page",
    "reason_admin",
    "statement_page",
    "trial_balance",
]
