"""Ways round the second person on an invoice: each is refused, and nothing has changed."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from billing_engine.core.approvals.people import AuthorApproves
from billing_engine.core.approvals.requests import ChangedSince, NotWaiting, RequestWaits, send_back, withdraw
from billing_engine.core.approvals.requests import approve as decide
from billing_engine.core.models import ApprovalRequest, Deed
from invoices.domain.life.adjustments import adjust
from invoices.domain.life.adjustments import withdraw as withdraw_adjustment
from invoices.domain.life.deeds import AdjusterApproves, NeedsSecondPerson
from invoices.domain.life.reopen import regenerate, reopen, void
from invoices.domain.life.transitions import approve, issue
from invoices.domain.life.transitions import send_back as to_draft
from invoices.domain.month_close.approvals import (
    request_approval,
    request_month_reopening,
    request_reopening,
    request_void,
)
from invoices.domain.month_close.bulk_action import BULK_ACTIONS, start_bulk_action
from invoices.domain.month_close.close_month import SecondPersonReopens, create_missing_months, lock
from invoices.domain.month_close.close_month import reopen as reopen_month
from invoices.models import BillingCycle, CycleStep, Invoice
from leads.domain.access.second_person import propose
from leads.models import ApprovalThreshold
from tests.factories.people import superuser, with_role
from tests.invoices.made import NOVEMBER_3, a_draft

pytestmark = pytest.mark.django_db
LATER = datetime(2026, 11, 5, tzinfo=UTC)


@pytest.fixture
def fay(db: None) -> User:
    return with_role("Finance")


@pytest.fixture
def third(db: None) -> User:
    return with_role("Finance")


def _adjusted(by: User, amount: str = "2000") -> Invoice:
    invoice = a_draft(4)
    adjust(invoice, amount=Decimal(amount), text="Fee", reason="Agreed", by=by, at=NOVEMBER_3)
    return Invoice.objects.get()


def _withdrawn(invoice: Invoice, by: User) -> Invoice:
    return withdraw_adjustment(invoice.lines.get(kind="adjustment"), by=by)


def _values() -> list[dict[str, Any]]:
    return list(Invoice.objects.order_by("pk").values())


def test_who_withdraws_anothers_adjustment_does_not_approve(frank: User, fay: User, third: User) -> None:
    invoice = _withdrawn(_adjusted(frank), fay)
    before = _values()

    for person in (frank, fay):
        with pytest.raises(AdjusterApproves):
            approve(invoice, by=person, at=LATER)

    assert _values() == before
    assert approve(invoice, by=third, at=LATER).state == "approved"


def test_who_approved_does_not_send_back_and_reopen(frank: User, fay: User) -> None:
    invoice = to_draft(approve(a_draft(4), by=fay, at=NOVEMBER_3), by=fay, reason="Wrong")
    before = _values()

    with pytest.raises(NeedsSecondPerson):
        reopen(invoice.period, reason="Wrong", by=fay, at=LATER)

    assert _values() == before
    assert reopen(invoice.period, reason="Wrong", by=frank, at=LATER).is_open


def test_who_adjusted_and_withdrew_does_not_reopen(frank: User, fay: User) -> None:
    invoice = _withdrawn(_adjusted(fay), fay)

    with pytest.raises(NeedsSecondPerson):
        reopen(invoice.period, reason="Wrong", by=fay, at=LATER)

    assert reopen(invoice.period, reason="Wrong", by=frank, at=LATER).is_open


def test_the_hands_of_a_draft_are_those_of_the_draft_that_replaces_it(frank: User, fay: User, third: User) -> None:
    fresh = regenerate(_adjusted(frank), by=fay, at=LATER)
    assert fresh is not None

    for person in (frank, fay):
        with pytest.raises(AdjusterApproves):
            approve(fresh, by=person, at=LATER)
    assert approve(fresh, by=third, at=LATER).state == "approved"
    told = Deed.objects.about(fresh.period).order_by("pk").values_list("verb", "person")
    assert list(told) == [
        ("invoice_adjusted", frank.pk),
        ("invoice_regenerated", fay.pk),
        ("invoice_approved", third.pk),
    ]


def test_superusers_do_not_approve_their_own_adjustment() -> None:
    boss = superuser()

    with pytest.raises(AdjusterApproves):
        approve(_adjusted(boss), by=boss, at=LATER)


def test_an_adjusted_draft_is_requested_and_approved_by_another_person(frank: User, fay: User) -> None:
    invoice = _adjusted(frank)
    request = request_approval(invoice, by=frank, at=LATER, reason="Set-up fee of the new contract")
    assert request.differences == [["Fee", "", "+$2,000.00"]]
    [row] = request.effect["customers"]
    assert (row["now"], row["then"], row["difference"]) == ("$10.00", "$2,010.00", "+$2,000.00")
    with pytest.raises(RequestWaits):
        approve(invoice, by=fay, at=LATER)
    with pytest.raises(AuthorApproves):
        decide(request, by=frank, at=LATER)

    decide(request, by=fay, at=LATER)

    invoice.refresh_from_db()
    assert (invoice.state, invoice.approved_by) == ("approved", fay)


def test_a_draft_that_changes_after_the_request_is_requested_again(frank: User, fay: User) -> None:
    invoice = _adjusted(frank)
    request = request_approval(invoice, by=frank, at=LATER, reason="Fee")
    adjust(invoice, amount=Decimal(5), text="More", reason="Agreed", by=frank, at=LATER)

    with pytest.raises(ChangedSince):
        decide(request, by=fay, at=LATER)

    again = request_approval(invoice, by=frank, at=LATER, reason="Fee")
    regenerate(invoice, by=frank, at=LATER)
    with pytest.raises(NotWaiting, match="already replaced"):
        decide(again, by=fay, at=LATER)
    assert Invoice.objects.get().state == "draft"


def test_the_issuer_asks_for_the_void_and_another_person_voids(frank: User, fay: User) -> None:
    invoice = issue(approve(a_draft(4), by=frank, at=NOVEMBER_3), by=frank, at=NOVEMBER_3)
    with pytest.raises(NeedsSecondPerson):
        void(invoice, reason="Wrong", by=frank, at=LATER)
    request = request_void(invoice, by=frank, at=LATER, reason="Wrong address")
    with pytest.raises(AuthorApproves):
        decide(request, by=frank, at=LATER)

    decide(request, by=fay, at=LATER)

    invoice.refresh_from_db()
    assert (invoice.state, invoice.voided_by, invoice.void_reason) == ("void", fay, "Wrong address")


def test_the_database_refuses_a_void_by_the_issuer(frank: User) -> None:
    invoice = issue(approve(a_draft(4), by=frank, at=NOVEMBER_3), by=frank, at=NOVEMBER_3)

    with pytest.raises(IntegrityError, match="the_issuer_of_an_invoice_never_voids_it"), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(
            state="void", voided_by=frank, voided_at=LATER, void_reason="Wrong"
        )

    invoice.refresh_from_db()
    assert invoice.state == "issued"


def test_a_hand_asks_for_the_reopening_of_a_period(frank: User, fay: User) -> None:
    invoice = _adjusted(frank)
    request = request_reopening(invoice.period, by=frank, at=LATER, reason="Wrong price")
    with pytest.raises(RequestWaits):
        reopen(invoice.period, reason="Wrong", by=fay, at=LATER)

    decide(request, by=fay, at=LATER)

    assert not Invoice.objects.exists()
    invoice.period.refresh_from_db()
    assert invoice.period.is_open


def test_who_locked_a_month_asks_for_its_reopening(frank: User, fay: User) -> None:
    a_draft(4)
    create_missing_months()
    october = lock(BillingCycle.objects.get(label="2026-10"), by=frank, at=NOVEMBER_3)
    with pytest.raises(SecondPersonReopens):
        reopen_month(october, by=frank, at=LATER, reason="Wrong")
    request = request_month_reopening(october, by=frank, at=LATER, reason="Wrong price")

    decide(request, by=fay, at=LATER)

    october.refresh_from_db()
    assert october.state == "open"


def test_a_threshold_of_the_seller_says_from_which_sum_on_an_adjustment_needs_a_second_person(
    frank: User, fay: User
) -> None:
    threshold = ApprovalThreshold(kind="adjusted_invoice", currency="USD", above=Decimal(100), reason="Small ones")
    request = propose(threshold, by=frank, at=NOVEMBER_3)
    assert request.differences == [["Needs a second person", "always", "above $100.00"]]
    small = _adjusted(frank, "-60")
    with pytest.raises(AdjusterApproves):  # not in force yet
        approve(small, by=frank, at=LATER)
    with pytest.raises(AuthorApproves):
        decide(request, by=frank, at=LATER)

    decide(request, by=fay, at=LATER)

    adjust(small, amount=Decimal(50), text="Back", reason="Agreed", by=frank, at=LATER)
    with pytest.raises(AdjusterApproves):  # 110 in either direction
        approve(small, by=frank, at=LATER)
    Invoice.objects.all().delete()
    assert approve(_adjusted(frank, "-60"), by=frank, at=LATER).state == "approved"


def test_workers_act_for_a_person_only_while_the_person_may(frank: User) -> None:
    invoice = a_draft(4)
    create_missing_months()
    october = BillingCycle.objects.get(label="2026-10")
    start_bulk_action(october, BillingCycle.BulkAction.APPROVE, by=frank, at=NOVEMBER_3)
    frank.is_active = False
    frank.save()

    while BULK_ACTIONS.work(october.pk, at=LATER):
        pass

    invoice.refresh_from_db()
    assert invoice.state == "draft"
    step = CycleStep.objects.get(kind="approve")
    assert list(step.skipped.values_list("code", flat=True)) == ["no_longer_allowed"]


def test_the_page_turns_the_button_into_ask_and_tells_the_asker_what_came_back(frank: User, fay: User) -> None:
    invoice = _adjusted(frank)
    asker, second = Client(), Client()
    asker.force_login(frank)
    second.force_login(fay)
    page = reverse("admin:invoices_invoice_change", args=[invoice.pk])
    ask = reverse("admin:invoices_invoice_ask_to_approve", args=[invoice.pk])
    direct = reverse("admin:invoices_invoice_approve", args=[invoice.pk])
    shown = asker.get(page).content.decode()
    assert (f'href="{ask}"' in shown, f'href="{direct}"' in shown) == (True, False)
    shown = second.get(page).content.decode()
    assert (f'href="{ask}"' in shown, f'href="{direct}"' in shown) == (False, True)

    asker.post(ask, {"reason": "Set-up fee"})
    request = ApprovalRequest.objects.get()
    assert "Waiting for approval" in asker.get(page).content.decode()
    approving = reverse("admin:core_approvalrequest_approve_request", args=[request.pk])
    assert "another person must approve it" in asker.post(approving, {"words": ""}).content.decode()
    assert Invoice.objects.get().state == "draft"
    second.post(
        reverse("admin:core_approvalrequest_send_back_request", args=[request.pk]), {"words": "No such fee agreed."}
    )
    assert "No such fee agreed." in asker.get(page).content.decode()
    asker.post(ask, {"reason": "Mail of November 2"})
    second.post(
        reverse("admin:core_approvalrequest_approve_request", args=[ApprovalRequest.objects.latest("pk").pk]),
        {"words": "Seen"},
    )

    assert Invoice.objects.get().approved_by == fay


def test_a_withdrawn_request_leaves_the_direct_way_to_others(frank: User, fay: User) -> None:
    invoice = _adjusted(frank)
    request = request_approval(invoice, by=frank, at=LATER, reason="Fee")
    withdraw(request, by=frank, at=LATER)

    assert approve(invoice, by=fay, at=LATER).approved_by == fay


def test_a_request_about_a_deleted_draft_is_closed(frank: User, fay: User) -> None:
    invoice = _adjusted(frank)
    request = request_approval(invoice, by=frank, at=LATER, reason="Fee")
    reopen(invoice.period, reason="Wrong price", by=fay, at=LATER)

    request.refresh_from_db()
    assert request.state == "replaced"
    with pytest.raises(NotWaiting, match="already replaced"):
        send_back(request, by=fay, at=LATER, words="Gone")
