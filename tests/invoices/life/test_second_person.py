"""The people who worked on an invoice stay on record when their steps are undone."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from invoices.domain.life.adjustments import withdraw
from invoices.domain.life.hands import AdjusterApproves, NeedsSecondPerson
from invoices.domain.life.reopen import bill_again, regenerate, reopen, void
from invoices.domain.life.transitions import approve, send_back
from invoices.domain.month_close.close_month import create_missing_months, lock
from invoices.domain.month_close.close_month import reopen as reopen_month
from invoices.models import BillingCycle, Invoice, UndoneStep
from tests.factories.people import UserFactory, with_role
from tests.invoices.life.test_reopen import LATER, adjusted
from tests.invoices.made import NOVEMBER_3, a_draft, approved, issued

pytestmark = pytest.mark.django_db
MUCH_LATER = datetime(2026, 11, 10, tzinfo=UTC)


@pytest.fixture
def wanda(db: None) -> User:
    """She adjusts."""
    return UserFactory.create(username="wanda")


def test_a_withdrawn_adjustment_is_kept_with_both_people(wanda: User, vera: User) -> None:
    invoice = adjusted(a_draft(4), "-2.50", wanda)

    withdraw(invoice.lines.get(kind="adjustment"), by=vera, at=MUCH_LATER)

    found = UndoneStep.objects.values_list(
        "period", "invoice", "kind", "text", "reason", "amount", "done_by", "done_at", "undone_by", "undone_at"
    )
    assert list(found) == [
        (
            *(invoice.period_id, invoice.pk, "adjustment", "Goodwill", "Agreed by phone", Decimal("-2.5")),
            *(wanda.pk, LATER, vera.pk, MUCH_LATER),
        )
    ]


def test_neither_who_wrote_nor_who_withdrew_an_adjustment_approves_even_when_it_is_drafted_again(
    wanda: User, vera: User, frank: User
) -> None:
    invoice = adjusted(a_draft(4), "-2.50", wanda)
    withdraw(invoice.lines.get(kind="adjustment"), by=vera, at=LATER)
    fresh = regenerate(invoice, by=vera, at=LATER)
    assert fresh is not None

    for person in (wanda, vera):
        with pytest.raises(AdjusterApproves):
            approve(fresh, by=person, at=LATER)
        with pytest.raises(NeedsSecondPerson):
            reopen(fresh.period, reason="Wrong", by=person, at=LATER)

    assert UndoneStep.objects.get().invoice == fresh
    assert Invoice.objects.get().state == "draft"
    assert approve(fresh, by=frank, at=LATER).state == "approved"


def test_settings_that_let_an_adjuster_approve_let_who_withdrew_too(
    wanda: User, vera: User, settings: LazySettings
) -> None:
    settings.ADJUSTER_APPROVES = True
    invoice = adjusted(a_draft(4), "-2.50", wanda)
    withdraw(invoice.lines.get(kind="adjustment"), by=vera, at=LATER)

    assert approve(invoice, by=vera, at=LATER).state == "approved"


def test_who_approved_or_sent_back_does_not_reopen_the_period_but_may_approve_it_again(
    wanda: User, vera: User, frank: User
) -> None:
    invoice = approved(a_draft(4), wanda)
    send_back(invoice, by=vera, at=LATER)

    with pytest.raises(NeedsSecondPerson):
        reopen(invoice.period, reason="Wrong", by=wanda, at=LATER)
    kept = UndoneStep.objects.values_list("kind", "amount", "done_by", "done_at", "undone_by", "undone_at")
    assert list(kept) == [("approval", None, wanda.pk, NOVEMBER_3, vera.pk, LATER)]
    assert approve(invoice, by=wanda, at=LATER).state == "approved"
    send_back(invoice, by=vera, at=LATER)
    with pytest.raises(NeedsSecondPerson):
        reopen(invoice.period, reason="Wrong", by=vera, at=LATER)
    assert reopen(invoice.period, reason="Wrong", by=frank, at=LATER).is_open
    assert list(UndoneStep.objects.values_list("invoice", flat=True)) == [None, None]


def test_who_billed_a_period_again_does_not_reopen_it(wanda: User, vera: User, frank: User) -> None:
    invoice = issued(a_draft(4), frank)
    create_missing_months()
    october = BillingCycle.objects.get(label="2026-10")
    lock(october, by=frank, at=NOVEMBER_3)
    period = void(invoice, reason="Wrong address", by=vera, at=LATER).period
    assert bill_again(period, by=wanda, at=LATER) is not None
    reopen_month(october, by=vera, at=LATER, reason="Wrong price")

    with pytest.raises(NeedsSecondPerson):
        reopen(period, reason="Wrong price", by=wanda, at=LATER)

    assert Invoice.objects.live().get().state == "draft"
    assert reopen(period, reason="Wrong price", by=vera, at=LATER).is_open


def test_the_page_of_a_draft_says_what_was_undone_and_by_whom(finance: Client, frank: User, wanda: User) -> None:
    invoice = adjusted(a_draft(4), "-2.50", wanda)
    page = reverse("admin:invoices_invoice_change", args=[invoice.pk])
    line = invoice.lines.get(kind="adjustment")
    finance.post(reverse("admin:invoices_invoice_withdraw", args=[invoice.pk]), {"line": line.pk})
    send_back(approve(invoice, by=with_role("Finance"), at=LATER), by=frank, at=LATER)

    shown = finance.get(page).content.decode()

    assert "Withdrew adjustment of -$2.50 by wanda" in shown
    assert "Sent back after approval by" in shown


def test_undone_steps_cannot_be_changed_or_deleted(wanda: User, vera: User) -> None:
    invoice = adjusted(a_draft(4), "-2.50", wanda)
    withdraw(invoice.lines.get(kind="adjustment"), by=vera, at=LATER)
    steps = UndoneStep.objects.all()

    for act in (
        steps.delete,
        lambda: steps.update(undone_by=wanda),
        lambda: steps.update(kind="approval", amount=None),
    ):
        with (
            pytest.raises(IntegrityError, match="The record of an undone step cannot be changed or deleted"),
            transaction.atomic(),
        ):
            act()

    assert UndoneStep.objects.get().undone_by == vera
