"""What customers owe: documents, their postings, and the allocations that match them."""

from receivables.models.credit_note import CreditedCharge, CreditNote, CreditNoteLine, CreditNoteTax
from receivables.models.ledger import Allocation, LedgerDocument, Posting
from receivables.models.reason import Reason

__all__ = [
    "Allocation",
    "CreditNote",
    "CreditNoteLine",
    "CreditNoteTax",
    "CreditedCharge",
    "LedgerDocument",
    "Posting",
    "Reason",
]
