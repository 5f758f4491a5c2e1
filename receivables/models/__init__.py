"""What customers owe: documents, their postings, and the allocations that match them."""

from receivables.models.ledger import Allocation, LedgerDocument, Posting

__all__ = ["Allocation", "LedgerDocument", "Posting"]
