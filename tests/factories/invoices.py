"""Factories for the app `invoices`."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import factory
from factory.django import DjangoModelFactory

from invoices.models import (
    BillingCycle,
    BillingRun,
    BillingRunItem,
    CycleStep,
    Invoice,
    InvoiceLine,
    InvoiceMail,
    MailTemplate,
)
from tests.factories.leads import BillingPeriodFactory
from tests.factories.people import UserFactory

IN_NOVEMBER = datetime(2026, 11, 3, 9, tzinfo=UTC)


class InvoiceFactory(DjangoModelFactory[Invoice]):
    """A draft without lines."""

    class Meta:
        model = Invoice

    period = factory.SubFactory(BillingPeriodFactory)
    customer = factory.SelfAttribute("period.customer")
    currency = factory.SelfAttribute("customer.currency")


class InvoiceLineFactory(DjangoModelFactory[InvoiceLine]):
    class Meta:
        model = InvoiceLine

    invoice = factory.SubFactory(InvoiceFactory)
    position = factory.Sequence(lambda n: n + 1)
    kind = InvoiceLine.Kind.NOT_CHARGED
    reason = factory.Sequence(lambda n: f"reason_{n}")
    description = "Sample orders, not charged"
    amount = Decimal(0)


class BillingRunFactory(DjangoModelFactory[BillingRun]):
    class Meta:
        model = BillingRun

    cycle = factory.Sequence(lambda n: f"{2000 + n // 12:04d}-{n % 12 + 1:02d}")
    started_at = IN_NOVEMBER


class BillingRunItemFactory(DjangoModelFactory[BillingRunItem]):
    class Meta:
        model = BillingRunItem

    run = factory.SubFactory(BillingRunFactory)
    period = factory.SubFactory(BillingPeriodFactory)


class BillingCycleFactory(DjangoModelFactory[BillingCycle]):
    class Meta:
        model = BillingCycle

    label = factory.Sequence(lambda n: f"{2000 + n // 12:04d}-{n % 12 + 1:02d}")


class CycleStepFactory(DjangoModelFactory[CycleStep]):
    class Meta:
        model = CycleStep

    cycle = factory.SubFactory(BillingCycleFactory)
    kind = CycleStep.Kind.LOCKED
    by = factory.SubFactory(UserFactory)
    at = IN_NOVEMBER


class MailTemplateFactory(DjangoModelFactory[MailTemplate]):
    class Meta:
        model = MailTemplate

    subject = "Invoice {number}"
    body = "{total}, due {due_on}"


class InvoiceMailFactory(DjangoModelFactory[InvoiceMail]):
    class Meta:
        model = InvoiceMail

    invoice = factory.SubFactory(InvoiceFactory)
    request = factory.LazyFunction(uuid4)
    to = ("books@acme.example",)
    subject = "Invoice"
    body = "Please find it attached."
    message_id = factory.LazyAttribute(lambda mail: f"<{mail.request}@localhost>")
    requested_at = IN_NOVEMBER
    state = "waiting"
    next_attempt_at = factory.LazyAttribute(lambda mail: mail.requested_at if mail.state == "waiting" else None)
