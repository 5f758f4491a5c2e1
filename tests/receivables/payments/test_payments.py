"""Payments by hand: what they settle, what stays unapplied, and what goes back."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing_engine.core.errors import Refused
from billing_engine.core.models import Deed
from invoices.models import BillingCycle
from leads.models import Customer
from receivables.domain.ledger.items import with_left
from receivables.domain.ledger.post import Account, Part, against_receivable, post
from receivables.domain.payments.allocate import NotTakenBack, allocate, take_allocation_back
from receivables.domain.payments.record import Received, record_payment
from receivables.domain.payments.returning import come_back, refund, return_payment
from receivables.models import Allocation, LedgerDocument, Payment, Posting
from tests.factories.leads import CustomerFactory
from tests.factories.people import UserFactory
from tests.receivables.made import AT, a_document

pytestmark = pytest.mark.django_db
Kind = LedgerDocument.Kind
TODAY = date(2026, 11, 3)


def owes(customer: Customer, amount: int | str, *, due: date | None = None) -> LedgerDocument:
    """An open debit item: a refund of credit that is long gone, as the simplest document of that side."""
    if due is None:
        return a_document(customer, Kind.REFUND, amount)
    made = LedgerDocument(
        kind=Kind.REFUND,
        customer=customer,
        currency=customer.currency,
        reference=f"due {due}",
        posted_on=TODAY,
        due_on=due,
        recorded_at=AT,
    )
    return post([(made, against_receivable(made, [Part(Account.CASH, -Decimal(amount))]))])[0]


def paid(customer: Customer, amount: int | str, *, on: date = TODAY, **more: Any) -> LedgerDocument:
    received = Received(customer=customer, on=on, amount=Decimal(amount), reference="INV-1")
    return record_payment(received, by=UserFactory.create(), at=AT, **more)


def left(*items: LedgerDocument) -> list[Decimal]:
    found = {each.pk: each.left for each in with_left(LedgerDocument.objects.all())}
    return [found[item.pk] for item in items]


def test_a_payment_recorded_late_settles_on_its_own_day():
    customer, day = CustomerFactory.create(), date(2026, 10, 30)
    item = a_document(customer, Kind.REFUND, 50, on=date(2026, 10, 1))

    payment = paid(customer, 50, on=day)

    [made] = Allocation.objects.all()
    assert (made.credit, made.debit, made.posted_on, made.recorded_at) == (payment, item, day, AT)


def test_a_payment_recorded_late_takes_on_no_day_what_another_one_had_then():
    customer, by = CustomerFactory.create(), UserFactory.create()
    a_document(customer, Kind.REFUND, 50, on=date(2026, 10, 1))
    paid(customer, 30, on=date(2026, 10, 29))
    take_allocation_back(Allocation.objects.get(), by=by, at=AT, reason="not theirs")

    paid(customer, 50, on=date(2026, 10, 30))

    days = Allocation.objects.order_by("pk").values_list("posted_on", "amount")
    assert list(days) == [(date(2026, 10, 29), 30), (TODAY, -30), (TODAY, 50)]


def test_a_payment_settles_the_oldest_item_first_and_the_rest_stays_unapplied():
    customer = CustomerFactory.create()
    later, sooner = owes(customer, 50, due=date(2026, 10, 20)), owes(customer, 30, due=date(2026, 10, 1))

    first, second = paid(customer, 40), paid(customer, 60)

    assert left(sooner, later, first, second) == [0, 0, 0, 20]
    assert [(str(each.debit), each.amount) for each in Allocation.objects.order_by("pk")] == [
        ("Refund due 2026-10-01", 30),
        ("Refund due 2026-10-20", 10),
        ("Refund due 2026-10-20", 40),
    ]
    assert list(first.postings.order_by("pk").values_list("account", "amount")) == [("cash", 40), ("receivable", -40)]
    assert Deed.objects.filter(verb="payment_recorded").count() == 2


def test_a_payment_needs_no_invoice_and_settles_only_what_is_chosen():
    customer = CustomerFactory.create()
    alone = paid(customer, 10)
    first, second = owes(customer, 50), owes(customer, 30)

    chosen = paid(customer, 35, settles=[second])

    assert left(alone, first, second, chosen) == [10, 50, 0, 5]
    allocate(alone, by=UserFactory.create(), at=AT, to=[first], most=Decimal(4))
    assert left(alone, first) == [6, 46]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"on": date(2026, 11, 4)}, "The day 2026-11-04 is in the future: today is 2026-11-03 for this customer."),
        (
            {"on": date(2026, 9, 30)},
            "Nothing can be posted on 2026-09-30: 2026-09 is locked. A second person can reopen it.",
        ),
        ({"on": date(2026, 8, 1)}, "Nothing can be posted on 2026-08-01: 2026-08 is closed for good."),
        ({"amount": 0}, "Enter an amount above zero."),
        ({"amount": "NaN"}, "Enter an amount that a customer can pay."),
        ({"amount": "1e30"}, "Enter an amount that a customer can pay."),
        ({"amount": "1.005"}, "An amount in USD has at most 2 decimal places."),
    ],
)
def test_a_payment_that_cant_be_posted_says_why_and_posts_nothing(more: Any, sentence: str):
    BillingCycle.objects.bulk_create(
        [BillingCycle(label="2026-09", state="locked"), BillingCycle(label="2026-08", state="closed")]
    )
    customer = CustomerFactory.create()

    with pytest.raises(Refused) as refusal:
        paid(customer, **{"amount": 10, **more})

    assert str(refusal.value) == sentence
    assert (LedgerDocument.objects.count(), Payment.objects.count()) == (0, 0)


def test_taking_an_allocation_back_opens_both_sides_and_is_done_once():
    customer = CustomerFactory.create()
    item = owes(customer, 50)
    payment = paid(customer, 30)
    [made] = Allocation.objects.all()

    take_allocation_back(made, by=UserFactory.create(), at=AT, reason="wrong invoice")

    assert left(item, payment) == [50, 30]
    with pytest.raises(NotTakenBack):
        take_allocation_back(made, by=UserFactory.create(), at=AT)
    assert left(item, payment) == [50, 30]


def test_credit_is_allocated_and_refunded_up_to_its_sum():
    customer, by = CustomerFactory.create(), UserFactory.create()
    item = owes(customer, 60)
    payment = paid(customer, 100)

    with pytest.raises(Refused, match=r"has \$40.00 left to refund, not \$40.01"):
        refund(payment, Decimal("40.01"), on=TODAY, by=by, at=AT, reason="too much")
    made = refund(payment, Decimal(40), on=TODAY, by=by, at=AT, reason="overpaid")

    assert left(item, payment, made) == [0, 0, 0]
    assert list(made.postings.order_by("pk").values_list("account", "amount")) == [("cash", -40), ("receivable", 40)]
    assert made.payment.undoes == payment


def test_a_credit_note_is_refunded_too_but_a_write_off_is_not():
    customer, by = CustomerFactory.create(), UserFactory.create()
    note, written_off = a_document(customer, Kind.CREDIT_NOTE, 20), a_document(customer, Kind.WRITE_OFF, 20)

    refund(note, Decimal(20), on=TODAY, by=by, at=AT, reason="asked for")
    with pytest.raises(Refused, match="A write-off is not money"):
        refund(written_off, Decimal(20), on=TODAY, by=by, at=AT, reason="asked for")

    assert left(note, written_off) == [0, 20]


def test_a_returned_payment_opens_what_it_settled_and_a_return_of_the_return_settles_it_again():
    customer, by = CustomerFactory.create(), UserFactory.create()
    item, other = owes(customer, 60), owes(customer, 60)
    payment = paid(customer, 100)

    returned = return_payment(payment, on=TODAY, by=by, at=AT, reason="no funds")
    assert left(item, other, payment, returned) == [60, 60, 0, 0]

    again = come_back(returned, on=TODAY, by=by, at=AT, reason="dispute won")
    assert left(item, other, payment, returned, again) == [0, 20, 0, 0, 0]
    with pytest.raises(Refused, match="came in again already"):
        come_back(returned, on=TODAY, by=by, at=AT, reason="dispute won")

    twice = return_payment(again, on=TODAY, by=by, at=AT, reason="charged back again")
    assert left(item, other, twice) == [60, 60, 0]
    assert sum(Posting.objects.filter(account="cash").values_list("amount", flat=True)) == -120


def test_what_was_refunded_is_not_returned_as_well():
    customer, by = CustomerFactory.create(), UserFactory.create()
    payment = paid(customer, 100)
    refund(payment, Decimal(30), on=TODAY, by=by, at=AT, reason="overpaid")

    with pytest.raises(Refused, match=r"has \$70.00 left to return, not \$100.00"):
        return_payment(payment, on=TODAY, by=by, at=AT, reason="charged back", amount=Decimal(100))
    returned = return_payment(payment, on=TODAY, by=by, at=AT, reason="charged back")

    assert returned.amount == 70
    with pytest.raises(Refused, match="already returned or refunded"):
        return_payment(payment, on=TODAY, by=by, at=AT, reason="charged back")


def test_a_part_that_is_returned_leaves_the_rest_on_the_oldest_item():
    customer, by = CustomerFactory.create(), UserFactory.create()
    sooner, later = owes(customer, 60, due=date(2026, 10, 1)), owes(customer, 40, due=date(2026, 10, 2))
    payment = paid(customer, 100)

    returned = return_payment(payment, on=TODAY, by=by, at=AT, reason="charged back", amount=Decimal(10))

    assert left(sooner, later, payment, returned) == [0, 10, 0, 0]


def test_the_allocation_of_a_refund_stays():
    customer, by = CustomerFactory.create(), UserFactory.create()
    payment = paid(customer, 10)
    refund(payment, Decimal(10), on=TODAY, by=by, at=AT, reason="overpaid")

    with pytest.raises(NotTakenBack, match="used up by"):
        take_allocation_back(Allocation.objects.get(), by=by, at=AT)
