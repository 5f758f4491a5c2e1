"""What customers owe: documents, their postings, and the allocations that match them."""

from receivables.models.bank_file import BankFile, BankRow, BankStatement, CsvMapping
from receivables.models.credit_note import CreditedCharge, CreditNote, CreditNoteLine, CreditNoteTax
from receivables.models.ledger import Allocation, LedgerDocument, Posting
from receivables.models.payment import BankAccount, Payment
from receivables.models.reason import Reason
from receivables.models.write_off import WriteOff

__all__ = [
    "Allocation",
    "BankAccount",
    "BankFile",
    "BankRow",
    "BankStatement",
    "CreditNote",
    "CreditNoteLine",
    "CreditNoteTax",
    "CreditedCharge",
    "CsvMapping",
    "LedgerDocument",
    "Payment",
    "Posting",
    "Reason",
    "WriteOff",
]
