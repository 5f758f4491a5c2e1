"""What customers owe: documents, their postings, and the allocations that match them."""

from receivables.models.ledger import Allocation, LedgerDocument, Posting
from receivables.models.reason import Reason
from receivables.models.webhook import (
    EventKind,
    EventMail,
    EventSubscription,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookSecret,
)

__all__ = [
    "Allocation",
    "EventKind",
    "EventMail",
    "EventSubscription",
    "LedgerDocument",
    "Posting",
    "Reason",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
    "WebhookSecret",
]
