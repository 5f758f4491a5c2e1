"""A late void settles itself: one note for exactly what was charged, once, and people decide about the rest."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from billing_engine.core.models import Deed
from invoices.domain.life.late_voids import late_voids_of
from invoices.domain.life.reopen import void as void_invoice
from invoices.models import Invoice
from leads.models import ApprovalThreshold
from pricing.domain.audit.prove import prove
from pricing.models import Charge
from receivables.domain.credit_notes.drafting import discard, draft_for_lines
from receivables.domain.credit_notes.issuing import approve, issue
from receivables.domain.credit_notes.late_voids import draft_for_voids
from receivables.domain.credit_notes.left import what_is_left
from receivables.domain.late_voids.terms import VoidTermsHaveFaults, current, set_terms
from receivables.domain.ledger.voiders import VoiderApproves
from receivables.models import CreditedCharge, CreditNote, VoidCredit, VoidTerms
from tests.factories.people import UserFactory
from tests.invoices.made import a_price, an_open_period, billed, issued, received
from tests.receivables.credit_notes.made import NOVEMBER_5, why
from tests.receivables.late_voids.made import an_invoice, as_lines, swept, voided, voided_by_source

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice(frank: User) -> Invoice:
    return an_invoice(frank)


def test_what_was_voided_after_billing_is_drafted_as_one_note_by_the_engine(frank: User, invoice: Invoice) -> None:
    charges = list(Charge.objects.order_by("pk").values())
    voided_by_source(invoice, 5, 11)

    assert (swept(), swept()) == (1, 0)

    note = CreditNote.objects.get()
    assert (note.state, note.drafted_by, note.total) == ("draft", None, Decimal("6.40"))
    assert (note.reason.code, note.sentence) == ("voided_action", "2 actions were voided after they were billed.")
    assert list(VoidCredit.objects.values_list("credit", "attempts", "code")) == [(note.pk, 0, "")] * 2
    assert list(Charge.objects.order_by("pk").values()) == charges
    assert prove(invoice.period).holds
    assert Deed.objects.get(verb="credit_note_drafted").actor == "engine"

    issue(approve(note, by=frank, at=NOVEMBER_5), by=frank, at=NOVEMBER_5)
    assert late_voids_of(invoice).actions == 0


def test_a_void_that_comes_later_gets_a_note_of_its_own(invoice: Invoice) -> None:
    voided(invoice, 5)
    swept()
    voided(invoice, 7)
    swept()

    assert list(CreditNote.objects.order_by("pk").values_list("subtotal", flat=True)) == [
        Decimal("1.67"),
        Decimal("2.33"),
    ]
    assert CreditedCharge.objects.count() == VoidCredit.objects.count() == 2


def test_a_note_that_a_person_drafted_first_settles_the_void(frank: User, invoice: Invoice) -> None:
    voided(invoice, 5)
    note = draft_for_voids(invoice, by=frank)
    swept()
    voided(invoice, 7)
    VoidCredit.objects.create(action_id=CreditedCharge.objects.get().action_id, found_at=NOVEMBER_5)
    swept()

    assert CreditNote.objects.count() == 2
    assert VoidCredit.objects.get(action__quantity=5).credit == note


def test_a_discarded_note_leaves_its_voids_to_people(frank: User, invoice: Invoice) -> None:
    voided(invoice, 5)
    swept()
    discard(CreditNote.objects.get(), by=frank, reason="The customer pays for it.")

    assert swept() == 0
    assert not CreditNote.objects.exists()
    left = VoidCredit.objects.get()
    assert (left.code, left.message) == ("credit_note_discarded", f"{frank} discarded its credit note.")


def test_what_has_nothing_left_to_credit_is_told_and_not_tried_again(frank: User, invoice: Invoice) -> None:

    draft_for_lines(invoice, what_is_left(invoice).whole, reason=why(), sentence="All of it.", by=frank)
    voided(invoice, 5)

    assert (swept(), swept()) == (1, 0)
    assert CreditNote.objects.count() == 1
    assert VoidCredit.objects.get().code == "credit_has_faults"


def test_a_charge_that_rounds_to_nothing_needs_no_credit(frank: User) -> None:

    why("voided_action")
    a_price("0.001")
    period = an_open_period()
    received(period, 1, 1000)
    invoice = issued(billed(period), frank)
    voided(invoice, 1)
    swept()

    assert not CreditNote.objects.exists()
    assert VoidCredit.objects.get().code == "nothing_charged"


def test_who_voided_by_hand_does_not_approve_the_credit_above_the_sum(frank: User, fay: User, invoice: Invoice) -> None:
    ApprovalThreshold.objects.create(
        kind="credit_note", currency="USD", above=5, written_by=fay, written_at=NOVEMBER_5, approved_at=NOVEMBER_5,
        reason="Usual",
    )  # fmt: skip
    voided(invoice, 5, by=frank)
    swept()
    first = CreditNote.objects.get()
    approve(first, by=frank, at=NOVEMBER_5)  # 2.00
    voided(invoice, 11, by=frank)
    swept(NOVEMBER_5 + timedelta(hours=1))
    second = CreditNote.objects.exclude(pk=first.pk).get()  # 4.40, 6.40 with the first

    with pytest.raises(VoiderApproves):
        approve(second, by=frank, at=NOVEMBER_5)
    second.refresh_from_db()
    assert second.state == "draft"
    assert approve(second, by=fay, at=NOVEMBER_5).approved_by == fay


def test_terms_are_set_with_a_reason_and_kept(frank: User, invoice: Invoice) -> None:
    customer = invoice.customer
    assert (current(customer).way, current(customer).wait_days) == ("note", 45)
    with pytest.raises(VoidTermsHaveFaults):
        set_terms(customer, way="line", wait_days=0, reason=" ", by=frank, at=NOVEMBER_5)
    assert not VoidTerms.objects.exists()

    terms = as_lines(customer, frank, at=NOVEMBER_5)

    assert current(customer) == terms
    deed = Deed.objects.get(verb="void_terms_set")
    assert (deed.person, deed.reason) == (frank, "Asked for one paper a month.")
    assert (deed.before["way"], deed.after["way"]) == ("note", "line")


def test_terms_apply_to_what_is_voided_from_then_on(frank: User, invoice: Invoice) -> None:
    voided(invoice, 5, at=NOVEMBER_5)
    as_lines(invoice.customer, frank, at=NOVEMBER_5 + timedelta(hours=1))
    voided(invoice, 7, at=NOVEMBER_5 + timedelta(hours=2))

    assert swept(NOVEMBER_5 + timedelta(hours=3)) == 1
    assert CreditNote.objects.get().subtotal == Decimal("1.67")
    assert VoidCredit.objects.get(credit=None).action.quantity == 7


def test_terms_that_change_back_leave_each_void_to_those_of_its_time(frank: User, invoice: Invoice) -> None:
    hour = timedelta(hours=1)
    as_lines(invoice.customer, frank, at=NOVEMBER_5)
    voided(invoice, 5, at=NOVEMBER_5 + hour)
    set_terms(invoice.customer, way="note", wait_days=45, reason="Back.", by=frank, at=NOVEMBER_5 + 2 * hour)
    voided(invoice, 7, at=NOVEMBER_5 + 3 * hour)
    as_lines(invoice.customer, frank, at=NOVEMBER_5 + 4 * hour, days=10)
    voided(invoice, 11, at=NOVEMBER_5 + 5 * hour)

    assert swept(NOVEMBER_5 + 6 * hour) == 1
    assert CreditNote.objects.get().subtotal == Decimal("2.33")
    assert swept(NOVEMBER_5 + 5 * hour + timedelta(days=10)) == 1
    assert list(VoidCredit.objects.filter(credit=None).values_list("action__quantity", flat=True)) == [5]
    assert swept(NOVEMBER_5 + timedelta(days=46)) == 1


def test_a_void_invoice_has_nothing_to_settle(frank: User, invoice: Invoice) -> None:

    voided(invoice, 5)
    void_invoice(invoice, reason="Wrong customer", by=UserFactory.create(), at=NOVEMBER_5)

    assert swept() == 0
    assert not CreditNote.objects.exists()
