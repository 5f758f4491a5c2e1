"""Finance's pages of what customers owe."""

from receivables.admin.ageing import items, page
from receivables.admin.ledger import document_admin, trial_balance
from receivables.admin.statements import page as statement_page

__all__ = ["document_admin", "items", "page", "statement_page", "trial_balance"]
