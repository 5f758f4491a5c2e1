"""Exports, as if a person had asked for them."""

from datetime import UTC, datetime

import factory
from django.contrib.auth.models import User
from factory.django import DjangoModelFactory

from reports.models import Export
from tests.factories.people import UserFactory


def _who_looks() -> User:
    """The person made last, who is the one who looks in most tests: no one else sees the row."""
    return User.objects.order_by("pk").last() or UserFactory.create()


class ExportFactory(DjangoModelFactory[Export]):
    """An export that has not started."""

    class Meta:
        model = Export

    asked_by = factory.LazyFunction(_who_looks)
    report = "explorer"
    query = "show=amount&group=source&period=2026-10"
    title = "Amount by source: All days"
    format = "csv"
    asked_at = datetime(2026, 11, 3, 12, tzinfo=UTC)
    next_attempt_at = asked_at
