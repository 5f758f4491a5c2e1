"""An action voided after its period was closed: a draft is blocked until it is regenerated, an issued invoice is to be
credited, and no closed period's charges move."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from invoices.domain.life.late_voids import ActionsVoided, LateVoids, late_voids_of, to_be_credited
from invoices.domain.life.reopen import regenerate, reopen
from invoices.domain.life.reopen import void as void_invoice
from invoices.domain.life.review_flags import flags_of
from invoices.domain.life.transitions import approve, issue, send_back
from invoices.domain.month_close.bulk_action import BULK_ACTIONS, start_bulk_action
from invoices.models import BillingCycle, Invoice
from leads.domain.voiding import void
from leads.models import Action
from pricing.domain.audit.prove import prove
from pricing.models import Charge
from reports.queries.sums.invariants import invariants
from tests.factories.people import UserFactory
from tests.invoices.made import NOVEMBER_3, a_draft, a_price, an_open_period, approved, billed, issued, received

pytestmark = pytest.mark.django_db
LATER = datetime(2026, 11, 9, tzinfo=UTC)
CANCELLED = "Order canceled"


def take_back(invoice: Invoice, quantity: int) -> Action:
    """The source voids the action of this quantity."""
    action = Action.objects.get(period=invoice.period, quantity=quantity)
    void(action, reason=CANCELLED, by=UserFactory.create(), at=LATER)
    return action


def flags(invoice: Invoice) -> list[str]:
    invoice.refresh_from_db()
    return [flag.message for flag in flags_of([invoice]).get(invoice.pk, []) if flag.needs_review]


def holds(invoice: Invoice) -> bool:
    """Whether the invariants hold and the closed period proves."""
    return all(one.holds for one in invariants()) and prove(invoice.period).holds


def test_a_draft_with_a_voided_action_is_flagged_and_not_approved_without_a_reason(frank: User) -> None:
    invoice, charges = a_draft(3, 5), list(Charge.objects.values())
    take_back(invoice, 5)

    assert flags(invoice) == ["1 action was voided after drafting: regenerate"]
    with pytest.raises(
        ActionsVoided, match=r"1 action was voided after drafting \(\$12\.50\)\. Regenerate it, or approve"
    ):
        approve(invoice, by=frank, at=LATER)
    cycle = BillingCycle.objects.create(label="2026-10")
    start_bulk_action(cycle, BillingCycle.BulkAction.APPROVE, by=frank, at=LATER)
    while BULK_ACTIONS.work(cycle.pk, at=LATER):
        pass

    invoice.refresh_from_db()
    assert (invoice.state, invoice.total, list(Charge.objects.values())) == ("draft", 20, charges)
    assert holds(invoice)


def test_regenerating_takes_it_off_and_the_flag_goes(frank: User) -> None:
    invoice = a_draft(3, 5)
    take_back(invoice, 5)

    fresh = regenerate(invoice, by=UserFactory.create(), at=LATER)

    assert fresh is not None
    assert (fresh.total, flags(fresh), fresh.lines.get(kind="not_charged").reason) == (Decimal("7.5"), [], "voided")
    assert approve(fresh, by=frank, at=LATER).state == "approved"
    assert holds(fresh)


def test_opening_the_period_again_takes_it_off_too(frank: User, vera: User) -> None:
    invoice = approved(a_draft(3, 5), frank)
    action = take_back(invoice, 5)

    reopen(invoice.period, reason=CANCELLED, by=vera, at=LATER)

    action.refresh_from_db()
    assert (action.voided_at, action.voided_after_close) == (LATER, False)
    assert billed(invoice.period).total == Decimal("7.5")


def test_a_draft_with_voided_actions_is_approved_with_a_reason_that_stays(frank: User) -> None:
    invoice = a_draft(3, 5)
    take_back(invoice, 5)

    approve(invoice, by=frank, at=LATER, reason=" They pay for it anyway ")

    invoice.refresh_from_db()
    assert (invoice.approved_over, invoice.approved_over_reason) == (1, "They pay for it anyway")
    assert flags(invoice) == []
    issue(invoice, by=frank, at=LATER)
    assert Invoice.objects.get().total == 20


def test_a_reason_that_nothing_asks_for_is_not_kept(frank: User) -> None:
    invoice = a_draft(3)

    approve(invoice, by=frank, at=LATER, reason="Why not")

    assert (invoice.approved_over, invoice.approved_over_reason) == (0, "")


def test_a_void_between_approval_and_issue_blocks_the_issue(frank: User) -> None:
    invoice = a_draft(3, 5)
    take_back(invoice, 5)
    approve(invoice, by=frank, at=LATER, reason="They pay for it anyway")
    take_back(invoice, 3)

    assert flags(invoice) == ["2 actions were voided after drafting: regenerate"]
    with pytest.raises(
        ActionsVoided, match=r"2 actions were voided after drafting \(\$20\.00\)\. Send it back and regenerate"
    ):
        issue(invoice, by=frank, at=LATER)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.number) == ("approved", None)
    send_back(invoice, by=frank)
    assert (invoice.approved_over, Invoice.objects.get().approved_over_reason) == (1, "")


def test_a_voided_action_on_an_issued_invoice_is_to_be_credited_with_its_charge(frank: User) -> None:
    invoice, other = issued(a_draft(3, 5), frank), issued(a_draft(4, currency="EUR"), frank)
    charges = list(Charge.objects.order_by("pk").values())
    take_back(invoice, 5)
    take_back(other, 4)

    assert flags(invoice) == []
    assert late_voids_of(invoice) == LateVoids(1, Decimal("12.5"))
    assert to_be_credited(["2026-10"]) == {"EUR": LateVoids(1, Decimal(10)), "USD": LateVoids(1, Decimal("12.5"))}
    assert list(Charge.objects.order_by("pk").values()) == charges
    assert holds(invoice)


def test_a_void_invoice_owes_no_credit_and_its_period_is_billed_without_voided_actions(frank: User, vera: User) -> None:
    invoice = issued(a_draft(3, 5), frank)
    take_back(invoice, 5)

    void_invoice(invoice, reason="Canceled", by=vera, at=LATER)

    assert (to_be_credited(["2026-10"]), late_voids_of(Invoice.objects.get())) == ({}, LateVoids())
    assert billed(invoice.period).total == Decimal("7.5")


def test_what_cost_nothing_for_another_reason_stops_no_approval(frank: User) -> None:
    a_price()
    period = an_open_period()
    received(period, 2)
    received(period, 9, is_test=True)
    invoice = a_draft(3)
    tested = billed(period)
    take_back(tested, 9)

    assert flags(tested) == []
    assert [approve(one, by=frank, at=LATER).state for one in (invoice, tested)] == ["approved", "approved"]
    assert holds(tested)


def test_a_closed_period_proves_with_actions_voided_before_and_after(frank: User) -> None:
    period = an_open_period()
    a_price()
    received(period, 1, 2, 3)
    void(Action.objects.get(period=period, quantity=1), reason="Before", by=UserFactory.create(), at=NOVEMBER_3)
    invoice = billed(period)
    take_back(invoice, 2)

    proof = prove(period)

    assert (proof.actions, proof.differing, proof.amount) == (3, 0, Decimal("12.5"))
