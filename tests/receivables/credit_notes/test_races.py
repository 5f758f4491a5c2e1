"""Credit at the same moment as something else, in processes of their own: what is left is given once, and books stay closed."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db.models import Sum

from invoices.models import BillingCycle
from leads.models import Action
from pricing.domain.rate.rate import rate
from receivables.domain.ledger.items import with_left
from receivables.models import Allocation, CreditedCharge, CreditNote, LedgerDocument
from tests.factories.people import with_role
from tests.invoices.made import NOVEMBER_3, a_draft, a_price, an_open_period, approved, billed, issued, received
from tests.processes import at_once
from tests.receivables.credit_notes.made import a_draft_note, an_issued_invoice, why
from tests.receivables.disputes.made import NOVEMBER_10, a_dispute, a_reason, of_charges
from tests.receivables.late_voids.made import an_invoice, swept, voided_by_source

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

ACT = """
from datetime import datetime
from decimal import Decimal
from django.contrib.auth.models import User
from billing_engine.core.errors import Refused
from invoices.domain.life.transitions import issue as issue_invoice
from invoices.domain.month_close.close_month import close_cycle
from invoices.models import BillingCycle, Invoice
from pricing.models import Charge
from receivables.domain.credit_notes.drafting import draft_for_charges
from receivables.domain.credit_notes.issuing import issue
from receivables.domain.disputes.deciding import accept
from receivables.domain.late_voids.settling import VOID_CREDITS
from receivables.domain.payments.record import Received, record_payment
from receivables.models import CreditNote, Dispute, Reason
by, at = User.objects.get(pk={by}), datetime.fromisoformat("{at}")
try:
    {does}
    print("done")
except Refused as refusal:
    print(refusal.code)
"""
ISSUE = "issue(CreditNote.objects.get(), by=by, at=at)"


def said(by: User, *acts: str, at: str = "2026-11-10T12:00:00Z") -> list[str]:
    return at_once(*(ACT.format(by=by.pk, does=each, at=at) for each in acts))


def test_a_note_beside_a_payment_settles_the_invoice_once_and_the_rest_is_unapplied() -> None:
    frank = with_role("Finance")
    invoice = an_issued_invoice(frank, {"Ash": "10.00"}, taxes=[])
    note = a_draft_note(frank, invoice, {"Ash": "4.00"})
    CreditNote.objects.update(state="approved", approved_by=frank, approved_at=NOVEMBER_10)
    pay = (
        "record_payment(Received(customer=Invoice.objects.get().customer, on=at.date(), amount=Decimal(10),"
        " reference='INV', currency='USD'), by=by, at=at)"
    )

    assert said(frank, ISSUE, pay) == ["done", "done"]

    left = dict(with_left(LedgerDocument.objects.all()).values_list("kind", "left"))
    assert left["invoice"] == 0
    assert left["credit_note"] + left["payment"] == 4
    assert Allocation.objects.aggregate(sum=Sum("amount")) == {"sum": invoice.total}
    note.refresh_from_db()
    assert note.state == "issued"


def test_two_notes_over_the_same_charge_at_once_are_one_note() -> None:
    frank = with_role("Finance")
    invoice = an_invoice(frank)
    voided_by_source(invoice, 5)
    why()
    [action] = Action.objects.filter(quantity=5)
    by_hand = (
        f"draft_for_charges(Invoice.objects.get(), [Charge.objects.get(pk={action.pk})],"
        " reason=Reason.objects.get(code='goodwill'), sentence='Once.', by=by)"
    )
    by_itself = f"VOID_CREDITS.tidy(at=at); VOID_CREDITS.work([{action.pk}], at=at)"

    answers = said(frank, by_hand, by_hand, by_itself)

    assert answers[2] == "done"
    assert sorted(answers[:2]) in (["credit_has_faults", "done"], ["credit_has_faults"] * 2)
    assert [each.amount for each in CreditedCharge.objects.all()] == [Decimal("1.67")]
    assert CreditNote.objects.count() == 1
    swept(NOVEMBER_10)
    assert CreditNote.objects.count() == 1


def test_a_dispute_that_is_accepted_while_its_invoice_is_issued_credits_it_or_waits() -> None:
    frank, fay = with_role("Finance"), with_role("Finance")
    reason = a_reason()
    a_price()
    period = an_open_period()
    received(period, 3)
    rate(period, at=NOVEMBER_3)
    dispute = a_dispute(of_charges(period), reason=reason)
    invoice = approved(billed(period), frank)

    issued_one, accepted = said(
        fay,
        f"issue_invoice(Invoice.objects.get(pk={invoice.pk}), by=by, at=at)",
        f"accept(Dispute.objects.get(pk={dispute.pk}), words='You are right.', by=by, at=at)",
    )

    assert issued_one == "done"
    assert accepted in ("done", "invoice_is_being_made")
    dispute.refresh_from_db()
    assert dispute.state == ("accepted" if accepted == "done" else "open")
    assert [note.subtotal for note in CreditNote.objects.all()] == [dispute.amount] * (accepted == "done")


def test_a_note_is_not_posted_into_a_month_that_is_closed_at_the_same_moment() -> None:
    frank = with_role("Finance")
    invoice = issued(a_draft(3), frank)
    line = invoice.lines.get()
    a_draft_note(frank, invoice, {line.product.name if line.product else "": "2.50"})
    CreditNote.objects.update(state="approved", approved_by=frank, approved_at=NOVEMBER_10)
    BillingCycle.objects.update_or_create(label="2026-11", defaults={"state": "locked"})
    close = "close_cycle(BillingCycle.objects.get(label='2026-11'), by=by, at=at, reason='Nothing left.')"

    closed, posted = said(frank, close, ISSUE, at="2026-11-30T12:00:00Z")

    assert closed == "done"
    assert posted in ("done", "cycle_locked")
    assert LedgerDocument.objects.filter(kind="credit_note").count() == (posted == "done")
    if posted == "done":  # it came first; the next one does not
        a_draft_note(frank, invoice, {line.product.name if line.product else "": "2.50"})
        CreditNote.objects.filter(state="draft").update(state="approved", approved_by=frank, approved_at=NOVEMBER_10)
        late = ISSUE.replace("get()", "get(state='approved')")
        assert said(frank, late, at="2026-11-30T12:00:00Z") == ["cycle_locked"]
    assert CreditNote.objects.filter(state="issued").count() == (posted == "done")
