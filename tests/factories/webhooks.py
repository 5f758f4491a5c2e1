"""Endpoints and deliveries, as rows."""

from datetime import UTC, datetime
from uuid import uuid4

import factory
from factory.django import DjangoModelFactory

from receivables.models import EventKind, WebhookDelivery, WebhookEndpoint, WebhookEvent, WebhookSecret
from tests.factories.leads import CustomerFactory
from tests.factories.people import UserFactory

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


class WebhookEndpointFactory(DjangoModelFactory[WebhookEndpoint]):
    class Meta:
        model = WebhookEndpoint
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Endpoint {n}")
    url = "https://receiver.example/hooks"
    kinds = factory.LazyFunction(lambda: list(EventKind.values))
    created_at = NOON
    created_by = factory.SubFactory(UserFactory)

    @factory.post_generation
    def secret(self, create: bool, extracted: object, **_: object) -> None:
        assert isinstance(self, WebhookEndpoint)
        WebhookSecret.objects.create(
            endpoint=self, sealed=b"", hint="whsec_Ab12", created_at=NOON, created_by=self.created_by
        )


class WebhookEventFactory(DjangoModelFactory[WebhookEvent]):
    class Meta:
        model = WebhookEvent

    uid = factory.LazyFunction(uuid4)
    kind = EventKind.PAYMENT_RECEIVED
    customer = factory.SubFactory(CustomerFactory)
    subject = "receivables.ledgerdocument:1"
    data = factory.LazyFunction(lambda: {"amount": "10", "currency": "EUR"})
    occurred_at = NOON
    distributed_at = NOON


class WebhookDeliveryFactory(DjangoModelFactory[WebhookDelivery]):
    class Meta:
        model = WebhookDelivery

    endpoint = factory.SubFactory(WebhookEndpointFactory)
    event = factory.SubFactory(WebhookEventFactory)
    customer = factory.SelfAttribute("event.customer")
    number = factory.Sequence(lambda n: n + 1)
    next_attempt_at = NOON
