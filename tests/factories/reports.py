"""Factories for the app `reports`."""

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from reports.models import Alert, AlertKind
from tests.factories.leads import CustomerFactory


class AlertFactory(DjangoModelFactory[Alert]):
    """An open alert: a customer was charged more than usual."""

    class Meta:
        model = Alert

    kind = AlertKind.SPEND
    customer = factory.SubFactory(CustomerFactory)
    cause = factory.LazyAttribute(lambda alert: f"{alert.customer.pk}:2026-10:more")
    title = factory.LazyAttribute(lambda alert: f"{alert.customer}: charged more than usual this month")
    words = "$300.00 is charged for October 1 – 8, 2026 (UTC)."
    opened_at = datetime(2026, 10, 9, 12, tzinfo=UTC)
