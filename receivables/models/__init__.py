"""What customers owe: documents, their postings, and the allocations that match them."""

from receivables.models.book_export import AccountMapping, BookExport, ExportedDocument
from receivables.models.ledger import Allocation, LedgerDocument, Posting
from receivables.models.reason import Reason

__all__ = [
    "AccountMapping",
    "Allocation",
    "BookExport",
    "ExportedDocument",
    "LedgerDocument",
    "Posting",
    "Reason",
]
