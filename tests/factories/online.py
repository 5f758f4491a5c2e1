"""Factories for what Stripe told us."""

import factory
from factory.django import DjangoModelFactory

from receivables.models import OnlineEvent
from tests.factories.leads import MID_OCTOBER


class OnlineEventFactory(DjangoModelFactory[OnlineEvent]):
    """An event that needs a person: its payment is not in the ledger."""

    class Meta:
        model = OnlineEvent

    external_id = factory.Sequence(lambda n: f"evt_{n}")
    kind = "refund.updated"
    subject = factory.Sequence(lambda n: f"pi_{n}")
    happened_at = MID_OCTOBER
    received_at = MID_OCTOBER
    why = "The payment that it is about is not in the ledger."
    body = factory.LazyAttribute(
        lambda event: {
            "id": event.external_id,
            "type": event.kind,
            "created": int(MID_OCTOBER.timestamp()),
            "data": {
                "object": {
                    "id": "re_1",
                    "status": "succeeded",
                    "currency": "usd",
                    "amount": 5,
                    "payment_intent": event.subject,
                }
            },
        }
    )
