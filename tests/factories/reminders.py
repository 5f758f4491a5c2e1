"""Rows of reminders."""

from datetime import UTC, date, datetime

import factory
from factory.django import DjangoModelFactory

from receivables.models import Reminder, ReminderPause, ReminderRun, ReminderSchedule
from tests.factories.leads import CompanyFactory, CustomerFactory
from tests.factories.people import UserFactory

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


class ReminderScheduleFactory(DjangoModelFactory[ReminderSchedule]):
    class Meta:
        model = ReminderSchedule

    seller = factory.SubFactory(CompanyFactory)
    level = 1
    days = 7


class ReminderPauseFactory(DjangoModelFactory[ReminderPause]):
    class Meta:
        model = ReminderPause

    customer = factory.SubFactory(CustomerFactory)
    reason = "They pay by hand"
    paused_at = NOON
    paused_by = factory.SubFactory(UserFactory)


class ReminderRunFactory(DjangoModelFactory[ReminderRun]):
    class Meta:
        model = ReminderRun

    seller = factory.SubFactory(CompanyFactory)
    day = date(2026, 11, 3)
    started_at = NOON
    started_by = factory.SubFactory(UserFactory)


class ReminderFactory(DjangoModelFactory[Reminder]):
    class Meta:
        model = Reminder

    run = factory.SubFactory(ReminderRunFactory)
    customer = factory.SubFactory(CustomerFactory)
    level = 1
    message_id = factory.Sequence(lambda n: f"<reminder-{n}@lead.example>")
    requested_at = NOON
    next_attempt_at = NOON
