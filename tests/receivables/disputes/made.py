"""Disputes for tests, opened the way the product opens them."""

from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User

from invoices.models import Invoice, InvoiceLine
from leads.models import BillingPeriod
from receivables.domain.disputes.opening import open_dispute
from receivables.domain.disputes.speaker import Speaker
from receivables.domain.disputes.subject import Subject, subject_of_charges, subject_of_line
from receivables.models import Dispute, Reason

NOVEMBER_10 = datetime(2026, 11, 10, 12, tzinfo=UTC)
CONTACT = Speaker(contact="imo@northlight.example")


def a_reason(code: str = "invalid_contact", **terms: Any) -> Reason:
    """One of the reasons that every company starts with, with other terms."""
    if not Reason.objects.exists():  # a test with processes empties the tables
        import_module("receivables.migrations.0001_initial").write_the_reasons(apps, None)
    if terms.get("decided_alone_up_to") is not None:
        terms = {"decided_alone_currency": "USD"} | terms
    Reason.objects.filter(code=code).update(**terms)
    return Reason.objects.get(code=code)


def line_of(invoice: Invoice) -> InvoiceLine:
    """The first line."""
    return invoice.lines.select_related("invoice__period__customer", "invoice__customer").order_by("position")[0]


def charges_of(period: BillingPeriod) -> list[int]:
    """The charged actions in order."""
    return list(period.charges.filter(amount__gt=0).values_list("pk", flat=True).order_by("pk"))


def of_charges(period: BillingPeriod, *places: int) -> Subject:
    """The subject of some charges, or of all."""
    found = charges_of(period)
    return subject_of_charges([found[place] for place in places] if places else found)


def a_dispute(
    about: Invoice | Subject, *, by: User | None = None, at: datetime = NOVEMBER_10, reason: Reason | None = None
) -> Dispute:
    """A dispute of the first line of an invoice, or of a subject, by the customer's contact unless `by` is one of us."""
    subject = subject_of_line(line_of(about)) if isinstance(about, Invoice) else about
    return open_dispute(
        subject, reason=reason or a_reason(), words="They bounced.", by=Speaker(by) if by else CONTACT, at=at
    )
