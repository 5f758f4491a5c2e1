"""What customers owe: documents, their postings, and the allocations that match them."""

from receivables.models.ledger import Allocation, LedgerDocument, Posting
from receivables.models.reason import Reason

__all__ = ["Allocation", "LedgerDocument", "Posting", "Reason"]
