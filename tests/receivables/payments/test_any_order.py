"""Whatever happens in whatever order: documents balance, nothing is allocated twice, and open items explain the account."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_engine.core import money
from billing_engine.core.calendar.spans import Month
from billing_engine.core.errors import Refused
from invoices.domain.life.reopen import void
from leads.models import Customer
from receivables.domain.ledger.items import with_left
from receivables.domain.payments.allocate import allocate, take_allocation_back
from receivables.domain.payments.record import Received, record_payment
from receivables.domain.payments.returning import come_back, refund, return_payment
from receivables.domain.write_offs.write_off import reverse_write_off, write_off
from receivables.models import Allocation, LedgerDocument, Posting, WriteOff
from tests.factories.leads import BillingPeriodFactory
from tests.factories.people import superuser
from tests.invoices.made import NOVEMBER_3, a_price, an_open_period, billed, issued, received
from tests.receivables.made import a_document

pytestmark = pytest.mark.django_db
Kind = LedgerDocument.Kind
KINDS = [
    "invoice",
    "void",
    "note",
    "pay",
    "pay",
    "allocate",
    "back",
    "refund",
    "return",
    "again",
    "write_off",
    "reverse",
]
STEPS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 5), st.integers(1, 1_500).map(lambda cents: Decimal(cents) / 100)),
    min_size=4,
    max_size=14,
)


class Company:
    """A customer to whom everything happens, through the functions that the pages call."""

    def __init__(self) -> None:
        self.by, self.second = superuser(), superuser()
        self.customer: Customer = an_open_period().customer
        a_price(customer=self.customer)
        self.months = iter(range(9, 0, -1))

    def step(self, kind: str, place: int, amount: Decimal) -> None:
        acts: dict[str, Callable[[int, Decimal], object]] = {
            "invoice": self.invoice, "void": self.void, "note": self.note, "pay": self.pay, "allocate": self.allocate,
            "back": self.back, "refund": self.refund, "return": self.returned, "again": self.again,
            "write_off": self.write_off, "reverse": self.reverse,
        }  # fmt: skip
        with suppress(Refused, IndexError), transaction.atomic():
            acts[kind](place, amount)

    def items(self, *kinds: str) -> QuerySet[LedgerDocument]:
        return LedgerDocument.objects.filter(customer=self.customer, kind__in=kinds).order_by("pk")

    def invoice(self, _: int, amount: Decimal) -> None:
        period = BillingPeriodFactory.create(customer=self.customer, month=Month(2026, next(self.months)))
        received(period, str(amount), at=period.start_at)
        issued(billed(period), self.by)

    def void(self, place: int, _: Decimal) -> None:
        invoice = self.items(Kind.INVOICE)[place].invoice
        assert invoice is not None
        void(invoice, reason="wrong", by=self.second, at=NOVEMBER_3)

    def note(self, _: int, amount: Decimal) -> None:
        a_document(self.customer, Kind.CREDIT_NOTE, amount)

    def pay(self, _: int, amount: Decimal) -> None:
        given = Received(
            customer=self.customer, on=self.customer.day_of(NOVEMBER_3), amount=amount * 3, reference="paid"
        )
        record_payment(given, by=self.by, at=NOVEMBER_3)

    def allocate(self, place: int, amount: Decimal) -> None:
        credit = self.items(Kind.PAYMENT, Kind.CREDIT_NOTE, Kind.VOID)[place]
        allocate(credit, by=self.by, at=NOVEMBER_3, most=amount if place % 2 else None)

    def back(self, place: int, _: Decimal) -> None:
        made = Allocation.objects.filter(credit__customer=self.customer, takes_back=None).order_by("pk")
        take_allocation_back(made[place], by=self.by, at=NOVEMBER_3)

    def refund(self, place: int, amount: Decimal) -> None:
        credit = self.items(Kind.PAYMENT, Kind.CREDIT_NOTE)[place]
        refund(credit, money.rounded(amount / 4, "USD"), on=self.today, by=self.by, at=NOVEMBER_3, reason="asked for")

    def returned(self, place: int, amount: Decimal) -> None:
        some = amount if place % 2 else None
        payment = self.items(Kind.PAYMENT)[place]
        return_payment(payment, on=self.today, by=self.by, at=NOVEMBER_3, reason="bounced", amount=some)

    def again(self, place: int, _: Decimal) -> None:
        gone = self.items(Kind.RETURN, Kind.REFUND)[place]
        come_back(gone, on=self.today, by=self.by, at=NOVEMBER_3, reason="dispute won")

    def write_off(self, place: int, amount: Decimal) -> None:
        item = self.items(Kind.INVOICE, Kind.RETURN)[place]
        write_off(WriteOff(item=item, amount=amount, reason="small", sentence="Small."), by=self.by, at=NOVEMBER_3)

    def reverse(self, place: int, _: Decimal) -> None:
        reverse_write_off(self.items(Kind.WRITE_OFF)[place], by=self.by, at=NOVEMBER_3, reason="paid after all")

    @property
    def today(self) -> date:
        return self.customer.day_of(NOVEMBER_3)


def add_up(customer: Customer) -> None:
    """Every document balances, no item is negative, and outstanding less unapplied is the receivable account."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    items = list(with_left(LedgerDocument.objects.filter(customer=customer)))
    assert all(0 <= item.left <= item.amount for item in items)
    open_items = sum(item.left if item.side == "debit" else -item.left for item in items)
    postings = Posting.objects.filter(document__customer=customer)
    assert open_items == (postings.filter(account="receivable").aggregate(sum=Sum("amount"))["sum"] or 0)
    assert not postings.values("document").annotate(sum=Sum("amount")).exclude(sum=0).exists()


@pytest.fixture
def _alone(settings: Any) -> None:
    settings.FOUR_EYES = False


@pytest.mark.usefixtures("_alone")
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS)
def test_in_any_order_everything_adds_up(steps: list[tuple[str, int, Decimal]]):
    company = Company()

    for step in [("invoice", 0, Decimal(9)), *steps]:
        company.step(*step)
        add_up(company.customer)


@pytest.mark.usefixtures("_alone")
def test_every_step_happens():
    """A step that is always refused would prove nothing."""
    company = Company()
    order = [
        "invoice",
        "note",
        "pay",
        "back",
        "allocate",
        "refund",
        "return",
        "again",
        "invoice",
        "write_off",
        "reverse",
        "void",
    ]
    assert set(order) == set(KINDS)
    for kind in order:
        before = LedgerDocument.objects.count(), Allocation.objects.count()
        company.step(kind, 1 if kind == "refund" else 0, Decimal(2))
        add_up(company.customer)
        assert (LedgerDocument.objects.count(), Allocation.objects.count()) != before, kind
