"""Finance's pages of what customers owe."""

from receivables.admin.ageing import items, page
from receivables.admin.ledger import document_admin, trial_balance

__all__ = ["document_admin", "items", "page", "trial_balance"]
