"""Exports, as if a person had asked for them."""

from datetime import UTC, datetime

import factory
from django.contrib.auth.models import User
from factory.django import DjangoModelFactory

from reports.models import Export
from tests.factories.people import UserFactory


def _who_looks() -> User:
    """The person made last, who is the one who looks in most tests: nobody else sees the row."""
    return User.objects.order_by("pk").last() or UserFactory.create()


class ExportFactory(DjangoModelFactory[Export]):
    """An export that waits for a worker."""

    class Meta:
        model = Export

    asked_by = factory.LazyFunction(_who_looks)
    report = "activity"
    query = "customer=1&month=2026-10"
    title = "Billing activity of Acme, October 2026"
    format = "csv"
    asked_at = datetime(2026, 11, 3, 12, tzinfo=UTC)
    next_attempt_at = asked_at
