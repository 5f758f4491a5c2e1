"""What a note credits: at most what is left, tax once per rate, and everything in pieces is exactly the invoice."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_engine.core import money
from invoices.models import Invoice
from pricing.models import Charge
from receivables.domain.credit_notes.drafting import draft_for_charges, draft_for_lines, propose_lines
from receivables.domain.credit_notes.left import what_is_left
from receivables.domain.credit_notes.sums import CreditHasFaults
from receivables.models import CreditNote, CreditNoteLine, CreditNoteTax
from tests.invoices.made import a_price, an_open_period, billed, issued, received
from tests.receivables.credit_notes.made import (
    SENTENCE,
    STONE_LEVY,
    VAT,
    a_draft_note,
    an_issued_invoice,
    check_the_database,
    lines_of,
    why,
)

pytestmark = pytest.mark.django_db
FOUR = {"Ash": "68.33", "Birch": "68.33", "Cedar": "57.50", "Elm": "85.00"}


def words_of(refused: "pytest.ExceptionInfo[CreditHasFaults]") -> list[tuple[str, str]]:
    return [(fault.code, fault.words) for fault in refused.value.faults]


def test_four_notes_over_one_line_each_credit_exactly_the_invoice(frank: User) -> None:
    invoice = an_issued_invoice(frank, FOUR)

    totals = [a_draft_note(frank, invoice, {name: amount}).total for name, amount in FOUR.items()]

    assert invoice.total == Decimal("334.99")
    assert totals == [Decimal("82.00"), Decimal("82.00"), Decimal("69.00"), Decimal("101.99")]
    check_the_database()


@pytest.fixture
def mixed(frank: User) -> Invoice:
    """Two rates, one of them on a category, lines that round, and a discount."""
    amounts = {**FOUR, "Fir": "0.03"}
    return an_issued_invoice(frank, amounts, discount="-20.05", stone=("Birch", "Fir"), taxes=[VAT, STONE_LEVY])


@given(data=st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_everything_in_pieces_in_any_order_and_split_credits_exactly_the_invoice(
    mixed: Invoice, frank: User, data: st.DataObject
) -> None:
    with transaction.atomic():
        for _ in range(data.draw(st.integers(0, 5))):
            left = what_is_left(mixed)
            chosen = {}
            for line, amount in left.whole.items():
                cents = data.draw(st.integers(min(0, int(amount * 100)), max(0, int(amount * 100))))
                if cents:
                    chosen[line] = Decimal(cents) / 100
            try:
                draft_for_lines(mixed, chosen, reason=why(), sentence=SENTENCE, by=frank)
            except CreditHasFaults:  # a discount alone, or more than the invoice has left after its discount
                assert what_is_left(mixed) == left
        left = what_is_left(mixed)
        if left.total:
            draft_for_lines(mixed, left.whole, reason=why(), sentence=SENTENCE, by=frank)

        notes = CreditNote.objects.filter(invoice=mixed)
        assert sum(note.subtotal for note in notes) == mixed.subtotal
        assert sum(note.total for note in notes) == mixed.total
        for tax in mixed.taxes.all():
            parts = CreditNoteTax.objects.filter(note__invoice=mixed, name=tax.name, rate=tax.rate)
            assert (sum(part.base for part in parts), sum(part.amount for part in parts)) == (tax.base, tax.amount)
        check_the_database()
        transaction.set_rollback(True)


@pytest.mark.parametrize("currency", ["USD", "JPY"])
def test_a_charge_is_credited_with_its_share_of_the_line(frank: User, currency: str) -> None:
    a_price("0.333", currency=currency)
    period = an_open_period(currency=currency, taxes=[VAT])
    received(period, 3, 3, 3, 1, 2)
    invoice = issued(billed(period), frank)
    charges = list(Charge.objects.order_by("pk"))

    notes = [
        draft_for_charges(invoice, [charge], reason=why(), sentence=SENTENCE, by=frank)
        for charge in charges
        if money.rounded(charge.amount, currency)
    ]

    assert sum(note.subtotal for note in notes) == invoice.subtotal
    assert sum(note.total for note in notes) == invoice.total
    assert what_is_left(invoice).whole == {}
    check_the_database()


def test_a_charge_is_credited_once(frank: User) -> None:
    invoice = an_issued_invoice(frank, FOUR)
    charge = Charge.objects.order_by("pk")[0]
    draft_for_charges(invoice, [charge], reason=why(), sentence=SENTENCE, by=frank)

    with pytest.raises(CreditHasFaults) as again:
        draft_for_charges(invoice, [charge], reason=why(), sentence=SENTENCE, by=frank)

    assert words_of(again) == [("charge_is_credited", f"The charge of action {charge.pk} is credited already.")]
    assert CreditNote.objects.count() == 1


def test_a_line_is_never_credited_above_what_is_left_of_it_and_nothing_is_stored(frank: User) -> None:
    invoice = an_issued_invoice(frank, FOUR)
    a_draft_note(frank, invoice, {"Ash": "60.00"})

    with pytest.raises(CreditHasFaults) as refused:
        a_draft_note(frank, invoice, {"Birch": "1", "Ash": "8.34", "Cedar": "-1", "Elm": "0.001"})

    assert words_of(refused) == [
        ("not_left_on_line", "Of line 1, $8.33 is left to credit, not $8.34."),
        ("not_left_on_line", "Of line 3, $57.50 is left to credit, not -$1.00."),
        ("not_left_on_line", "An amount in USD has at most 2 decimal places."),
    ]
    assert [fault.row for fault in refused.value.faults] == [1, 2, 3]
    assert list(CreditNoteLine.objects.values_list("amount", flat=True)) == [Decimal(60)]


def test_a_discount_limits_what_the_other_lines_can_be_credited(frank: User) -> None:
    invoice = an_issued_invoice(frank, {"Ash": "100.00"}, discount="-40.00")
    lines = lines_of(invoice)

    with pytest.raises(CreditHasFaults) as refused:
        propose_lines(invoice, {lines["Ash"]: Decimal("60.01")})

    words = "$60.00 before tax is left to credit of INV-2026-000001, not $60.01. Credit its discounts, too."
    assert words_of(refused) == [("not_left_on_invoice", words)]
    both = propose_lines(invoice, {lines["Ash"]: Decimal(100), lines["Discount"]: Decimal(-40)})
    assert (both.sums.subtotal, both.sums.tax) == (60, 12)


def test_a_note_says_why(frank: User) -> None:
    invoice = an_issued_invoice(frank, FOUR)
    reason = why()
    reason.is_active = False
    amounts = {lines_of(invoice)["Ash"]: Decimal(1)}

    with pytest.raises(CreditHasFaults) as refused:
        draft_for_lines(invoice, amounts, reason=reason, sentence=" ", by=frank)

    assert [fault.field for fault in refused.value.faults] == ["reason", "sentence"]
    assert not CreditNote.objects.exists()


def test_the_database_refuses_notes_above_their_invoice_and_notes_that_do_not_add_up(frank: User) -> None:
    invoice = an_issued_invoice(frank, FOUR)
    line, facts = lines_of(invoice)["Ash"], {"invoice": invoice, "reason": why(), "sentence": "Why", "currency": "USD"}

    def a_note(amount: str, subtotal: str) -> None:
        note = CreditNote.objects.create(**facts, subtotal=Decimal(subtotal), tax=0, total=Decimal(subtotal))
        CreditNoteLine.objects.create(note=note, line=line, amount=Decimal(amount))
        check_the_database()

    for amount, subtotal, name in (
        ("68.34", "68.34", "credit_notes_never_exceed_their_invoice"),
        ("-1", "1", "a_credit_note_is_the_sum_of_what_it_credits"),
    ):
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            a_note(amount, subtotal)
        assert refused.value.__cause__.diag.constraint_name == name
    a_note("68.33", "68.33")
    with pytest.raises(IntegrityError), transaction.atomic():
        a_note("0.01", "0.01")
