"""What customers owe: documents, their postings, and the allocations that match them; and what they dispute."""

from receivables.models.account_note import AccountNote
from receivables.models.bank_file import BankFile, BankRow, BankStatement, CsvMapping
from receivables.models.book_export import AccountMapping, BookExport, ExportedDocument
from receivables.models.credit_note import CreditedCharge, CreditNote, CreditNoteLine, CreditNoteTax
from receivables.models.dispute import Dispute, DisputedCharge, DisputeFile, DisputeStep
from receivables.models.ledger import Allocation, LedgerDocument, Posting
from receivables.models.online.checkout import CheckoutItem, CheckoutSession, PaymentLink
from receivables.models.online.event import OnlineEvent, OnlineMovement
from receivables.models.paper import Paper, PaperMail, TopicEmail
from receivables.models.payment import BankAccount, Payment
from receivables.models.reason import Reason
from receivables.models.reminder import (
    Reminder,
    ReminderItem,
    ReminderPause,
    ReminderRun,
    ReminderSchedule,
    ReminderText,
    ReminderTimetable,
)
from receivables.models.statement import StatementMail, StatementSchedule
from receivables.models.void_credit import VoidCredit, VoidTerms
from receivables.models.webhook import (
    EventKind,
    EventMail,
    EventSubscription,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookSecret,
)
from receivables.models.write_off import WriteOff

__all__ = [
    "AccountMapping",
    "AccountNote",
    "Allocation",
    "BankAccount",
    "BankFile",
    "BankRow",
    "BankStatement",
    "BookExport",
    "CheckoutItem",
    "CheckoutSession",
    "CreditNote",
    "CreditNoteLine",
    "CreditNoteTax",
    "CreditedCharge",
    "CsvMapping",
    "Dispute",
    "DisputeFile",
    "DisputeStep",
    "DisputedCharge",
    "EventKind",
    "EventMail",
    "EventSubscription",
    "ExportedDocument",
    "LedgerDocument",
    "OnlineEvent",
    "OnlineMovement",
    "Paper",
    "PaperMail",
    "Payment",
    "PaymentLink",
    "Posting",
    "Reason",
    "Reminder",
    "ReminderItem",
    "ReminderPause",
    "ReminderRun",
    "ReminderSchedule",
    "ReminderText",
    "ReminderTimetable",
    "StatementMail",
    "StatementSchedule",
    "TopicEmail",
    "VoidCredit",
    "VoidTerms",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
    "WebhookSecret",
    "WriteOff",
]
