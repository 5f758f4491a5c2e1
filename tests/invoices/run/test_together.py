"""Customers that are billed together get what each alone would have got, to the last column."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from billing_engine.core.calendar.spans import Month
from billing_engine.core.models import Deed
from invoices.domain.document.content import content_of
from invoices.domain.life.adjustments import adjust
from invoices.domain.life.reopen import void
from invoices.domain.life.transitions import approve, issue
from invoices.domain.run.billing_run import bill, start
from invoices.models import BillingRun, Invoice
from leads.models import BillingPeriod
from tests.factories.people import UserFactory
from tests.invoices.run.mixed_month import mixed_month

pytestmark = pytest.mark.django_db

OCTOBER, AT = Month(2026, 10), datetime(2026, 11, 3, 12, tzinfo=UTC)
# Everything that a run writes, without the keys that a sequence gives.
WRITTEN = {
    "lines": """SELECT i.period_id, l.position, l.kind, l.description, l.product_id, l.action_type_id, l.rule_id, l.reason,
            l.late_from, l.actions, l.quantity, l.unit, l.exact_amount, l.amount, l.cut_by_budget, l.detail::text,
            a.reason, a.adjusted_by_id, a.adjusted_at
       FROM invoices_invoiceline l JOIN invoices_invoice i ON i.id = l.invoice_id
       LEFT JOIN invoices_adjustment a ON a.line_id = l.id WHERE i.state = 'draft'""",
    "invoices": """SELECT period_id, customer_id, state, currency, subtotal, tax, credit, total, tax_exempt_reason,
            unprintable FROM invoices_invoice""",
    "taxes": """SELECT i.period_id, t.position, t.name, t.rate, t.categories::text, t.base, t.amount
       FROM invoices_invoicetax t JOIN invoices_invoice i ON i.id = t.invoice_id""",
    "terms": """SELECT period_id, rules::text, customer::text, catalog::text, later_closed::text FROM pricing_periodterms""",
    "periods": "SELECT id, state, closed_at FROM leads_billingperiod",
    "marks": "SELECT period_id, reason FROM leads_unratedmark",
    "items": """SELECT period_id, state, code, message, attempts, settled_at, invoice_id IS NULL
       FROM invoices_billingrunitem""",
    "deeds": """SELECT verb, actor, person_id, subject_name, before::text, after->>'total', reason, cardinality(objects)
       FROM core_deed""",
}


def written() -> dict[str, Any]:
    """Everything that the run wrote, in order, and what each draft's document holds."""
    found: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for name, query in WRITTEN.items():
            cursor.execute(query)
            found[name] = sorted(cursor.fetchall(), key=repr)
    drafts = Invoice.objects.filter(state="draft").order_by("period")
    found["documents"] = [content_of(draft).as_data() for draft in drafts]
    return found


def undone(act: Callable[[], object]) -> dict[str, Any]:
    """What is written after this act, which is then rolled back."""
    with transaction.atomic():
        act()
        found = written()
        transaction.set_rollback(True)
    return found


def with_credit(by: User, other: User) -> None:
    """Issue September: to customers with a small minimum, an adjustment leaves credit."""
    for item in start(Month(2026, 9), by=None, at=AT).items.order_by("pk"):
        bill(item.pk, at=AT)
    for draft in Invoice.objects.order_by("pk"):
        adjust(draft, amount=Decimal(-60), text="Goodwill", reason="A long story", by=by, at=AT)
        issue(approve(draft, by=other, at=AT), by=other, at=AT)


def with_voided_invoices(periods: list[BillingPeriod], by: User, other: User) -> None:
    """Bill some periods, adjust their drafts, issue and void them: their next drafts take the adjustments over."""
    run = start(OCTOBER, by=None, at=AT)
    for item in run.items.filter(period__in=periods).order_by("pk"):
        bill(item.pk, at=AT)
    for draft in Invoice.objects.filter(period__in=periods).order_by("pk"):
        adjust(draft, amount=Decimal(70), text="Setup", reason="Agreed", by=by, at=AT)
        void(issue(approve(draft, by=other, at=AT), by=other, at=AT), reason="Wrong", by=by, at=AT)
    BillingRun.objects.filter(pk=run.pk).delete()


def a_month(seed: int) -> BillingRun:
    periods = mixed_month(seed, customers=18, actions=60)
    by, other = UserFactory.create_batch(2)
    with_credit(by, other)
    with_voided_invoices(periods[6:11], by, other)
    return start(OCTOBER, by=None, at=AT)


@pytest.mark.parametrize("seed", [1, 2])
def test_fifty_billed_at_once_are_billed_as_one_by_one(seed: int):
    run = a_month(seed)
    items = list(run.items.order_by("pk").values_list("pk", flat=True))

    def one_by_one() -> None:
        for item in items:
            bill(item, at=AT)

    alone = undone(one_by_one)
    together = undone(lambda: bill(*items, at=AT))

    assert len(items) == 18
    assert len(alone["lines"]) > 300
    for name, rows in alone.items():
        assert together[name] == rows, name


def test_the_deeds_of_a_batch_are_one_for_each_customer():
    run = a_month(4)
    before = Deed.objects.latest("pk").pk

    bill(*run.items.values_list("pk", flat=True), at=AT)

    billed = Deed.objects.filter(verb="period_billed", pk__gt=before)
    assert sorted(billed.values_list("subject_name", flat=True)) == sorted(str(item.period) for item in run.items.all())
