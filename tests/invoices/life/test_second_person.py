"""The people who worked on an invoice stay on record when their steps are undone."""

from datetime import UTC, datetime

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from invoices.domain.life.adjustments import withdraw
from invoices.domain.life.deeds import AdjusterApproves, NeedsSecondPerson, deeds_of
from invoices.domain.life.reopen import bill_again, regenerate, reopen, void
from invoices.domain.life.transitions import approve, send_back
from invoices.domain.month_close.close_month import create_missing_months, lock
from invoices.domain.month_close.close_month import reopen as reopen_month
from invoices.models import BillingCycle, Invoice
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

    withdraw(invoice.lines.get(kind="adjustment"), by=vera)

    deed = deeds_of(invoice).get(verb="adjustment_withdrawn")
    assert (deed.person, deed.before, deed.after) == (
        vera,
        {
            "adjustment": "Goodwill",
            "amount": "-2.5",
            "reason": "Agreed by phone",
            "adjusted_by": "wanda",
            "total": "$7.50",
        },
        {"total": "$10.00"},
    )
    assert deed.objects_touched == [
        f"invoices.invoice:{invoice.pk}",
        f"leads.billingperiod:{invoice.period_id}",
        f"leads.customer:{invoice.customer_id}",
        f"auth.user:{wanda.pk}",
    ]


def test_neither_who_wrote_nor_who_withdrew_an_adjustment_approves_even_when_it_is_drafted_again(
    wanda: User, vera: User, frank: User
) -> None:
    invoice = adjusted(a_draft(4), "-2.50", wanda)
    withdraw(invoice.lines.get(kind="adjustment"), by=vera)
    fresh = regenerate(invoice, by=UserFactory.create(), at=LATER)
    assert fresh is not None

    for person in (wanda, vera):
        with pytest.raises(AdjusterApproves):
            approve(fresh, by=person, at=LATER)
        with pytest.raises(NeedsSecondPerson):
            reopen(fresh.period, reason="Wrong", by=person, at=LATER)

    assert [deed.verb for deed in deeds_of(fresh)] == [
        "invoice_regenerated",
        "adjustment_withdrawn",
        "invoice_adjusted",
    ]
    assert Invoice.objects.get().state == "draft"
    assert approve(fresh, by=frank, at=LATER).state == "approved"


def test_settings_that_let_an_adjuster_approve_let_who_withdrew_too(
    wanda: User, vera: User, settings: LazySettings
) -> None:
    settings.ADJUSTER_APPROVES = True
    invoice = adjusted(a_draft(4), "-2.50", wanda)
    withdraw(invoice.lines.get(kind="adjustment"), by=vera)

    assert approve(invoice, by=vera, at=LATER).state == "approved"


def test_who_approved_or_sent_back_does_not_reopen_the_period_but_may_approve_it_again(
    wanda: User, vera: User, frank: User
) -> None:
    invoice = approved(a_draft(4), wanda)
    send_back(invoice, by=vera)

    with pytest.raises(NeedsSecondPerson):
        reopen(invoice.period, reason="Wrong", by=wanda, at=LATER)
    sent_back = deeds_of(invoice).get(verb="invoice_sent_back")
    assert (sent_back.person, sent_back.before["approved_by"], sent_back.after) == (vera, "wanda", {"state": "draft"})
    assert approve(invoice, by=wanda, at=LATER).state == "approved"
    send_back(invoice, by=vera)
    with pytest.raises(NeedsSecondPerson):
        reopen(invoice.period, reason="Wrong", by=vera, at=LATER)
    assert reopen(invoice.period, reason="Wrong", by=frank, at=LATER).is_open


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
    send_back(approve(invoice, by=with_role("Finance"), at=LATER), by=frank)

    shown = finance.get(page).content.decode()

    assert [
        words in shown for words in ("Adjustment withdrawn", "Sent back to draft", "Goodwill", "Agreed by phone")
    ] == [True] * 4
