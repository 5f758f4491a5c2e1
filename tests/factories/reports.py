"""Saved reports, schedules and their emails; alerts."""

from datetime import UTC, datetime

import factory
from django.contrib.auth.models import User
from factory.django import DjangoModelFactory

from reports.models import Alert, AlertKind, ReportMailing, ReportSchedule, SavedReport
from tests.factories.leads import CustomerFactory
from tests.factories.people import UserFactory, with_role

IN_NOVEMBER = datetime(2026, 11, 20, 12, tzinfo=UTC)


def a_reader(name: str = "frank", role: str = "Finance") -> User:
    """Someone who may use the explorer and has an email address."""
    reader = with_role(role)
    reader.first_name, reader.email = name.capitalize(), f"{name}@swatchyard.example"
    reader.save()
    return reader


class SavedReportFactory(DjangoModelFactory[SavedReport]):
    class Meta:
        model = SavedReport

    name = factory.Sequence(lambda n: f"Revenue {n}")
    question = "show=amount,actions&group=customer&days=last_quarter"
    owner = factory.SubFactory(UserFactory)
    created_at = IN_NOVEMBER
    changed_at = IN_NOVEMBER


class ReportScheduleFactory(DjangoModelFactory[ReportSchedule]):
    """Daily at 8 in New York, as Excel, to no one yet."""

    class Meta:
        model = ReportSchedule

    report = factory.SubFactory(SavedReportFactory)
    owner = factory.SelfAttribute("report.owner")
    cadence = "daily"
    hour = 8
    time_zone = "America/New_York"
    file_format = "xlsx"
    site = "https://engine.example"
    next_run_at = datetime(2026, 11, 21, 13, tzinfo=UTC)


class ReportMailingFactory(DjangoModelFactory[ReportMailing]):
    class Meta:
        model = ReportMailing

    schedule = factory.SubFactory(ReportScheduleFactory)
    due_at = factory.Sequence(lambda n: IN_NOVEMBER.replace(microsecond=n))
    requested_at = IN_NOVEMBER
    next_attempt_at = IN_NOVEMBER
    message_id = factory.Sequence(lambda n: f"<{n}@localhost>")
    addresses = ("frank@swatchyard.example",)


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
