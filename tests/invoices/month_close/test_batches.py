"""A bulk action on fifty invoices at once does to each what it does to one alone, and a refused one stops no other."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from billing_engine.core.models import ApprovalRequest, Deed
from invoices.domain.life.adjustments import adjust
from invoices.domain.life.reopen import void
from invoices.domain.life.transitions import issue_all
from invoices.domain.month_close.approvals import request_approval
from invoices.domain.month_close.bulk_action import BulkActions, start_bulk_action
from invoices.domain.month_close.close_month import create_missing_months
from invoices.models import (
    BillingCycle,
    CycleStep,
    Invoice,
    InvoiceDocument,
    InvoiceMail,
    NumberSeries,
    SkippedInvoice,
)
from leads.domain.voiding import void as void_action
from leads.models import Action, NumberPrefix
from tests.factories.leads import CompanyFactory
from tests.factories.people import UserFactory
from tests.invoices.made import NOVEMBER_3, a_draft, an_open_period, approved, billed, issued, received

pytestmark = pytest.mark.django_db
BulkAction = BillingCycle.BulkAction
NEW = ("id", "request", "message_id")  # differ each time


def acting(action: BillingCycle.BulkAction, by: User, *, together: int) -> None:
    """Perform a bulk action on October to its end."""
    queue = type("Some", (BulkActions,), {"batch_size": together, "__module__": __name__})()
    cycle = BillingCycle.objects.get(label="2026-10")
    start_bulk_action(cycle, action, by=by, at=NOVEMBER_3)
    while queue.work(cycle.pk, at=NOVEMBER_3):
        pass


class World:
    """A month of drafts of every sort, in random order."""

    def __init__(self, seed: int, frank: User) -> None:
        self.random, self.frank, self.vera = Random(seed), frank, UserFactory.create()
        first = CompanyFactory.create(number_digits=3)
        NumberPrefix.objects.create(prefix="N-{year}-", seller=first)
        refused = CompanyFactory.create(number_prefix="n-{year}-")  # the first one's in the past
        self.sellers = [None, None, first, CompanyFactory.create(), refused]
        sorts = [self._plain, self._adjusted, self._requested, self._empty, self._replacing, self._voided]
        for sort in [*sorts, *self.random.choices(sorts, k=4), *[self._plain] * 4]:
            sort()
        self.voided_later = self.random.choice(Action.objects.filter(voided_at=None).order_by("pk"))
        create_missing_months()

    def _customer(self) -> dict[str, Any]:
        contacts = self.random.choice([[], ["a@ash.example"], ["a@ash.example", "b@ash.example"], ["no address"]])
        return {
            "name": self.random.choice(["Ash", "Birch", "Cedar", "Dogwood"]),
            "seller": self.random.choice(self.sellers),
            "time_zone": self.random.choice(["UTC", "America/New_York", "Asia/Tokyo"]),
            "payment_terms_days": self.random.choice([0, 14, 30]),
            "billing_contacts": contacts,
        }

    def _plain(self) -> Invoice:
        return a_draft(*self.random.choices(range(1, 9), k=3), **self._customer())

    def _adjusted(self) -> Invoice:
        draft, by = self._plain(), self.random.choice([self.frank, self.vera])
        adjust(draft, amount=Decimal(-1), text="Goodwill", reason="Agreed", by=by, at=NOVEMBER_3)
        return draft

    def _requested(self) -> None:
        request_approval(self._adjusted(), by=self.vera, at=NOVEMBER_3, reason="Agreed with the customer")

    def _empty(self) -> None:
        period = an_open_period(**self._customer(), excluded_domains=["own.example"])
        received(period, 3, email="own@own.example")
        billed(period)

    def _replacing(self) -> None:
        invoice = issued(a_draft(2, **self._customer() | {"seller": None}), self.frank)
        billed(void(invoice, reason="Wrong address", by=self.vera, at=NOVEMBER_3).period)

    def _voided(self) -> None:
        take_back(Action.objects.filter(period=self._plain().period).first(), self.vera)

    def processed(self, *, together: int) -> list[Any]:
        """Approve, issue and send all, where an action is voided after the approvals; what is stored then."""
        acting(BulkAction.APPROVE, self.frank, together=together)
        take_back(self.voided_later, self.vera)
        acting(BulkAction.ISSUE, self.frank, together=together)
        if Invoice.objects.filter(state="issued", bill_to__contacts__0__isnull=False).exists():
            acting(BulkAction.SEND, self.frank, together=together)
        return stored()


def take_back(action: Action | None, by: User) -> None:
    assert action is not None
    void_action(action, reason="Canceled", by=by, at=NOVEMBER_3)


def stored() -> list[Any]:
    """Every column of what a bulk action writes, without ids and times that are new each time."""
    series = {"series_seller": F("series__seller"), "series_year": F("series__year")}
    deeds = [
        {**row, "objects_touched": [_unless_new(each) for each in row["objects_touched"]]}
        for row in Deed.objects.order_by("pk").values()
    ]
    return [
        _without(Invoice.objects.order_by("pk").values("pk", **series), "series_id"),
        _without(Invoice.objects.order_by("pk").values(), "series_id"),
        _without(NumberSeries.objects.order_by(F("seller").asc(nulls_first=True), "year").values(), *NEW),
        _without(NumberPrefix.objects.order_by("prefix").values(), *NEW),
        _without(InvoiceDocument.objects.order_by("invoice", "pk").values(), *NEW),
        _without(InvoiceMail.objects.order_by("invoice", "pk").values(), *NEW),
        _without(deeds, *NEW, "at"),
        _without(CycleStep.objects.order_by("pk").values(), *NEW),
        _without(SkippedInvoice.objects.order_by("pk").values("step__kind", "invoice", "name", "code", "message")),
        _without(ApprovalRequest.objects.order_by("pk").values()),
        list(BillingCycle.objects.order_by("pk").values("label", "bulk_action")),
    ]


def _without(rows: Any, *names: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


def _unless_new(touched: str) -> str:
    return touched.partition(":")[0] if touched.startswith("invoices.invoicemail:") else touched


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside leaves nothing."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("seed", range(2))
def test_what_is_approved_issued_and_sent_in_batches_equals_what_is_done_one_by_one(seed: int, frank: User) -> None:
    world, before = World(seed, frank), stored()
    with undone():
        alone = world.processed(together=1)
    assert stored() == before

    with undone():
        some = world.processed(together=world.random.randint(2, 7))
    everything = world.processed(together=50)

    assert some == alone
    assert everything == alone
    states = {row["state"] for row in alone[1]}
    codes = {row["code"] for row in alone[8]}
    assert states >= {"draft", "issued", "void"}
    assert codes >= {"draft_is_flagged", "approval_request_waits"}


REFUSE = """
CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''The disk is broken.''; END';
CREATE TRIGGER broken BEFORE UPDATE ON invoices_invoice FOR EACH ROW
    WHEN (NEW.state = 'issued' AND NEW.customer_id = {customer}) EXECUTE FUNCTION broken();
"""


def test_an_error_with_one_invoice_takes_no_number_and_the_others_are_issued_in_order(frank: User) -> None:
    names = ("Ash", "Birch", "Cedar", "Dogwood")
    invoices = [approved(a_draft(name=name), frank) for name in names]
    create_missing_months()
    with connection.cursor() as cursor:
        cursor.execute(REFUSE.format(customer=invoices[1].customer_id))

    acting(BulkAction.ISSUE, frank, together=50)

    assert list(Invoice.objects.order_by("customer__name").values_list("customer__name", "number")) == [
        ("Ash", "INV-2026-000001"),
        ("Birch", None),
        ("Cedar", "INV-2026-000002"),
        ("Dogwood", "INV-2026-000003"),
    ]
    [skipped] = SkippedInvoice.objects.all()
    assert (skipped.invoice, skipped.code, skipped.step.done) == (invoices[1], "unexpected", 3)
    assert "The disk is broken." in skipped.message
    assert list(NumberSeries.objects.values_list("last", flat=True)) == [3]
    assert Deed.objects.filter(verb="invoice_issued").count() == InvoiceDocument.objects.count() == 3


def test_a_refusal_inside_a_batch_takes_no_number(frank: User) -> None:
    first, second, third = (approved(a_draft(2, name=name), frank) for name in ("Ash", "Birch", "Cedar"))
    take_back(Action.objects.get(period=second.period), UserFactory.create())

    batch = issue_all([third, second, first], by=frank, at=NOVEMBER_3)

    assert [(invoice.pk, invoice.serial) for invoice in batch.passing] == [(third.pk, 1), (first.pk, 2)]
    assert [(pk, refusal.code) for pk, refusal in batch.refused.items()] == [(second.pk, "actions_voided")]
    second.refresh_from_db()
    assert (second.state, second.documents.count(), Deed.objects.on(second).latest("pk").verb) == (
        "approved",
        0,
        "invoice_approved",
    )
    assert list(NumberSeries.objects.values_list("last", flat=True)) == [2]


@pytest.mark.parametrize("many", [0, -1, None])
def test_a_series_never_counts_down(many: int | None, frank: User) -> None:
    issued(a_draft(), frank)

    with pytest.raises(DatabaseError, match="only counts up"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT next_in_series(NULL, 2026, %s)", [many])

    assert list(NumberSeries.objects.values_list("last", flat=True)) == [1]


def test_a_batch_asks_the_database_as_often_for_twelve_as_for_three(frank: User) -> None:
    issued(a_draft(1), frank)  # claims the prefix
    counts = []
    for number in (3, 12):
        invoices = [approved(a_draft(1), frank) for _ in range(number)]
        with CaptureQueriesContext(connection) as queries:
            issue_all(invoices, by=frank, at=NOVEMBER_3)
        counts.append(len(queries))

    assert counts[0] == counts[1]
