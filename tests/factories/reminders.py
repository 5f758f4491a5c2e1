"""Rows of reminders, and of statements by email."""

from datetime import UTC, date, datetime
from uuid import uuid4

import factory
from factory.django import DjangoModelFactory

from receivables.models import (
    Reminder,
    ReminderPause,
    ReminderRun,
    ReminderSchedule,
    ReminderTimetable,
    StatementMail,
    TopicEmail,
)
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


class ReminderTimetableFactory(DjangoModelFactory[ReminderTimetable]):
    class Meta:
        model = ReminderTimetable

    seller = factory.SubFactory(CompanyFactory)


class TopicEmailFactory(DjangoModelFactory[TopicEmail]):
    class Meta:
        model = TopicEmail

    customer = factory.SubFactory(CustomerFactory)
    topic = "disputes"
    about = factory.Sequence(lambda n: n + 1)
    email = "books@ash.example"
    addresses = ("books@ash.example",)
    message_id = factory.Sequence(lambda n: f"<topic-{n}@lead.example>")
    requested_at = NOON
    next_attempt_at = NOON


class StatementMailFactory(DjangoModelFactory[StatementMail]):
    class Meta:
        model = StatementMail

    customer = factory.SubFactory(CustomerFactory)
    currency = "USD"
    first = date(2026, 10, 1)
    last = date(2026, 10, 31)
    request = factory.LazyFunction(uuid4)
    message_id = factory.Sequence(lambda n: f"<statement-{n}@lead.example>")
    requested_at = NOON
    next_attempt_at = NOON
