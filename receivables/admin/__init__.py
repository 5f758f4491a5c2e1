"""Finance's pages of what customers owe."""

from receivables.admin import at_a_glance
from receivables.admin.account import note
from receivables.admin.account import page as account_page
from receivables.admin.ageing import items, page
from receivables.admin.ledger import document_admin, trial_balance
from receivables.admin.statements import page as statement_page

__all__ = ["account_page", "at_a_glance", "document_admin", "items", "note", "page", "statement_page", "trial_balance"]
