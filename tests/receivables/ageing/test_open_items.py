"""Open items on a basis: what was seen on a day, what the books say of it, and that all sums of them agree."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.db.transaction import atomic
from hypothesis import given, settings
from hypothesis.extra.django import TestCase

from receivables.domain.ledger.allocations import Match, match, take_back
from receivables.domain.ledger.open_items import Basis, Narrowed, Question, Scope, open_items
from receivables.models import Allocation, LedgerDocument
from receivables.queries.ageing import BUCKETS, Bucket, ageing, narrowed
from receivables.queries.trial_balance import receivable_account, trial_balance
from tests.factories.leads import CompanyFactory, CustomerFactory
from tests.receivables.ageing.random_ledger import DAY, DAYS, EVENTS, FIRST, Event, build, dated_by_hand, posted_by_hand
from tests.receivables.made import a_document

Kind = LedgerDocument.Kind
ZERO = Decimal(0)
D = date(2026, 11, 3)


def left(basis: Basis, customers: Sequence[int]) -> dict[int, Decimal]:
    return {item.document: item.left for item in open_items(basis, Scope(customers))}


class AnyLedger(TestCase):
    @settings(max_examples=25)
    @given(EVENTS)
    def test_a_day_is_answered_as_it_was_seen_and_as_it_is_booked_and_every_sum_agrees(self, events: list[Event]):
        built = build(events)
        keys = [customer.pk for customer in built.customers]
        for number in range(-3, DAYS):
            day = FIRST + DAY * number
            dated, known = Basis(day), Basis(day, Question.KNOWN)

            assert left(known, keys) == built.left.get(day, {})
            assert left(dated, keys) == dated_by_hand(built.customers, day)
            assert receivable_account(dated, Scope(keys)).get("USD", ZERO) == posted_by_hand(built.customers, day)
            for basis in (dated, known):
                _sums_agree(basis, Scope(keys))


def _sums_agree(basis: Basis, scope: Scope) -> None:
    found = ageing(basis, scope)
    assert found.total.sums.balance == receivable_account(basis, scope).get("USD", ZERO)
    assert found.total.rows == len(found.rows)
    for bucket in (*BUCKETS, Bucket.UNAPPLIED):
        listed = sum((item.left for item in open_items(basis, scope, narrowed(bucket, basis.day))), ZERO)
        assert found.total.sums.of(bucket) == listed == sum((row.sums.of(bucket) for row in found.rows), ZERO)
    for balance in trial_balance(basis, scope, since=basis.day - DAY):
        assert balance.balances
        [receivable] = [each.closing for each in balance.accounts if each.account == "receivable"]
        assert receivable == found.total.sums.balance


@dataclass(frozen=True)
class Aged:
    days: int
    bucket: Bucket


@pytest.mark.django_db
@pytest.mark.parametrize(
    "aged",
    [
        Aged(-40, Bucket.NOT_DUE),
        Aged(0, Bucket.NOT_DUE),
        Aged(1, Bucket.TO_30),
        Aged(30, Bucket.TO_30),
        Aged(31, Bucket.TO_60),
        Aged(60, Bucket.TO_60),
        Aged(61, Bucket.TO_90),
        Aged(90, Bucket.TO_90),
        Aged(91, Bucket.OVER_90),
        Aged(400, Bucket.OVER_90),
    ],
    ids=str,
)
def test_age_is_counted_from_the_day_asked_for_and_what_is_due_on_it_is_not_due(aged: Aged):
    day = date(2025, 6, 1)
    customer = CustomerFactory.create()
    a_document(customer, Kind.REFUND, 50, on=date(2024, 1, 1), due=day - timedelta(days=aged.days))

    found = ageing(Basis(day), Scope()).total.sums

    assert {bucket: found.of(bucket) for bucket in BUCKETS if found.of(bucket)} == {aged.bucket: Decimal(50)}


@pytest.mark.django_db
def test_without_a_due_day_the_day_in_the_books_counts_and_credit_is_apart_at_any_age():
    customer = CustomerFactory.create()
    a_document(customer, Kind.REFUND, 50, on=D - timedelta(days=45))
    a_document(customer, Kind.PAYMENT, 20, on=D - timedelta(days=400))

    sums = ageing(Basis(D), Scope()).total.sums

    assert (sums.of(Bucket.TO_60), sums.unapplied, sums.balance) == (50, 20, 30)


@pytest.mark.django_db
def test_each_match_counts_from_its_own_day_even_if_a_later_one_follows():
    customer = CustomerFactory.create()
    debit = a_document(customer, Kind.REFUND, 100, on=D - 30 * DAY)
    credits_ = [a_document(customer, Kind.PAYMENT, 40, on=D - 20 * DAY), a_document(customer, Kind.PAYMENT, 40, on=D)]
    for credit in credits_:
        match([Match(credit, debit, Decimal(40))], on=credit.posted_on, at=credit.recorded_at)

    assert {day: left(Basis(day), [customer.pk]).get(debit.pk) for day in (D - 21 * DAY, D - 20 * DAY, D - DAY, D)} == {
        D - 21 * DAY: 100,
        D - 20 * DAY: 60,
        D - DAY: 60,
        D: 20,
    }


@pytest.mark.django_db
def test_a_match_is_never_dated_before_its_items_nor_taken_back_before_it_was_made():
    customer = CustomerFactory.create()
    debit = a_document(customer, Kind.REFUND, 100, on=D)
    credit = a_document(customer, Kind.PAYMENT, 100, on=D + 2 * DAY)

    [made] = match([Match(credit, debit, Decimal(100))], on=D - 9 * DAY, at=debit.recorded_at - DAY)
    [taken] = take_back([made], on=D - 9 * DAY, at=debit.recorded_at - DAY)

    for row in (made, taken):
        assert (row.posted_on, row.recorded_at) == (D + 2 * DAY, credit.recorded_at)
    early = replace_row(made, posted_on=D + DAY)
    with pytest.raises(Exception, match="never earlier than its items"):
        Allocation.objects.bulk_create([early])


def replace_row(row: Allocation, **facts: object) -> Allocation:
    stored = {field.attname: getattr(row, field.attname) for field in Allocation._meta.fields if field.name != "id"}
    return Allocation(**stored | facts)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["customer_id", "seller_id", "currency", "due_on"])
def test_a_match_repeats_of_its_debit_item_what_the_item_says(name: str):
    customer = CustomerFactory.create()
    debit = a_document(customer, Kind.REFUND, 100, on=D, due=D + DAY)
    credit = a_document(customer, Kind.PAYMENT, 100, on=D)
    [made] = match([Match(credit, debit, Decimal(60))], on=D, at=credit.recorded_at)
    others = {
        "customer_id": CustomerFactory.create().pk,
        "seller_id": CompanyFactory.create().pk,
        "currency": "EUR",
        "due_on": D,
    }

    with pytest.raises(IntegrityError, match="says of its customer, company, currency and due day"), atomic():
        Allocation.objects.bulk_create([replace_row(made, amount=Decimal(1), **{name: others[name]})])

    assert Allocation.objects.count() == 1
    assert (made.customer, made.seller, made.currency, made.due_on) == (customer, None, customer.currency, D + DAY)


@pytest.mark.django_db
def test_currencies_and_companies_are_never_added_to_each_other():
    customer, company = CustomerFactory.create(), CompanyFactory.create()
    a_document(customer, Kind.REFUND, 100, on=D)
    a_document(customer, Kind.REFUND, 70, on=D, currency="EUR")
    a_document(customer, Kind.REFUND, 5, on=D, seller=company)

    everything = ageing(Basis(D), Scope(), currency="USD")

    assert {total.currency: total.sums.balance for total in everything.totals} == {"USD": 105, "EUR": 70}
    assert [(row.company, row.sums.balance) for row in everything.rows] == [(0, 100), (company.pk, 5)]
    assert ageing(Basis(D), Scope(company=company.pk)).total.sums.balance == 5
    assert ageing(Basis(D), Scope(company=0, currency="EUR")).total.sums.balance == 70


@pytest.mark.django_db
def test_pages_turn_and_their_totals_are_of_all_rows():
    for name in ("B", "A", "C"):
        customer = CustomerFactory.create(name=name)
        a_document(customer, Kind.REFUND, 10 if name == "C" else 5, on=D - 3 * DAY)

    pages = [ageing(Basis(D), Scope(), first=first, most=2) for first in (0, 2)]

    assert [[row.name for row in page.rows] for page in pages] == [["C", "A"], ["B"]]
    assert {page.total.sums.overdue for page in pages} == {Decimal(20)}


@pytest.mark.django_db
def test_lists_of_items_are_narrowed_and_turned():
    customer = CustomerFactory.create()
    items = [a_document(customer, Kind.REFUND, 10, on=D - n * DAY) for n in range(3)]
    a_document(customer, Kind.PAYMENT, 10, on=D)

    debits = Narrowed(side="debit", first=1, most=1)

    assert [item.document for item in open_items(Basis(D), Scope(), debits)] == [items[1].pk]
    assert [item.document for item in open_items(Basis(D), Scope(), replace(debits, due_from=D))] == []
