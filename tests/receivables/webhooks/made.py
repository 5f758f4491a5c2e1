"""Endpoints for tests, and passes over them."""

from datetime import UTC, datetime
from typing import Any

from leads.models import Customer
from receivables.domain.webhooks.deliveries import ENDPOINTS
from receivables.domain.webhooks.endpoints import Wanted, create
from receivables.models import EventKind, LedgerDocument, WebhookDelivery, WebhookEndpoint
from tests.factories.people import with_role
from tests.receivables.made import a_document

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
PAYMENT = LedgerDocument.Kind.PAYMENT


def an_endpoint(url: str, *kinds: str, name: str = "Books", **more: Any) -> tuple[WebhookEndpoint, str]:
    """An endpoint for every event, unless told otherwise, and its secret."""
    wanted = Wanted(name=name, url=url, kinds=kinds or EventKind.values, **more)
    return create(wanted, by=with_role("Finance"), at=NOON)


def a_payment(customer: Customer, amount: int = 10) -> LedgerDocument:
    """Something that is told."""
    return a_document(customer, PAYMENT, amount)


def sweep(at: datetime = NOON) -> None:
    """Distribute new events, and send what is due, as the workers do."""
    ENDPOINTS.tidy(at=at)
    for message in ENDPOINTS.due(at=at):
        ENDPOINTS.work(**message, at=at)


def states() -> list[tuple[int | None, str, int, bool]]:
    """Number, state, attempts and whether it is parked, of each delivery."""
    found = WebhookDelivery.objects.order_by("pk").values_list("number", "state", "attempts", "is_parked")
    return list(found)
