"""The foot of the explorer: exact amounts lead to the totals of the invoices, to the cent."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from invoices.domain.life.reopen import void
from invoices.models import Invoice
from leads.models import BillingPeriod, Customer
from pricing.domain.rate.rate import rate
from pricing.models import PeriodTally
from reports.queries.explore.invoice_foot import Foot, foot_of
from tests.factories.people import UserFactory
from tests.invoices.made import IN_SEPTEMBER, NOVEMBER_3, a_price, an_open_period, approved, billed, issued, received
from tests.reports.company_life import CompanyLife

pytestmark = pytest.mark.django_db

# Written a second time, on charges instead of the roll-up.
RECOUNTED = """
    SELECT customer.currency, COALESCE(invoice.state, ''), COALESCE(charged.amount, 0), COALESCE(invoice.total, 0),
           COALESCE(invoice.tax, 0), COALESCE(moved.amount, 0), COALESCE(minimum.amount, 0), COALESCE(adjusted.amount, 0),
           (SELECT count(*) FROM invoices_invoice void WHERE void.period_id = period.id AND void.state = 'void')
      FROM leads_billingperiod period
      JOIN leads_customer customer ON customer.id = period.customer_id
      LEFT JOIN invoices_invoice invoice ON invoice.period_id = period.id AND invoice.state <> 'void'
      LEFT JOIN LATERAL (SELECT sum(charge.amount) AS amount FROM leads_action action
                           JOIN pricing_charge charge ON charge.action_id = action.id
                          WHERE action.period_id = period.id) charged ON TRUE
      LEFT JOIN LATERAL (SELECT same.total - same.subtotal - same.tax AS amount FROM invoices_invoice same
                          WHERE same.id = invoice.id) moved ON TRUE
      LEFT JOIN LATERAL (SELECT sum(line.amount) AS amount FROM invoices_invoiceline line
                          WHERE line.invoice_id = invoice.id AND line.kind = 'minimum') minimum ON TRUE
      LEFT JOIN LATERAL (SELECT sum(line.amount) AS amount FROM invoices_invoiceline line
                           JOIN invoices_adjustment made ON made.line_id = line.id
                          WHERE line.invoice_id = invoice.id) adjusted ON TRUE
     ORDER BY 1
"""
STATES = ("", "draft", "approved", "issued")
OCTOBER = ["2026-10"]


def labels() -> list[str]:
    return sorted(set(BillingPeriod.objects.values_list("label", flat=True)))


def recounted() -> list[tuple[Any, ...]]:
    """Per currency: exact, not invoiced, minimum, adjustments, tax, credit, total, invoices by state, void ones."""
    with connection.cursor() as cursor:
        cursor.execute(RECOUNTED)
        rows = cursor.fetchall()
    found = []
    for currency in sorted({row[0] for row in rows}):
        of = [row[1:] for row in rows if row[0] == currency]
        states = Counter(row[0] for row in of)
        exact, total, tax, credit, minimum, adjusted, voided = (sum(row[n] for row in of) for n in range(1, 8))
        waits = sum(row[1] for row in of if not row[0])
        found.append(
            (currency, exact, waits, minimum, adjusted, tax, credit, total, [states[one] for one in STATES], voided)
        )
    return found


def shown(one: Foot) -> tuple[Any, ...]:
    amounts = one.exact, one.not_invoiced, one.minimum, one.adjustments, one.tax, one.credit, one.total
    return (one.currency, *amounts, [one.absent, one.drafts, one.approved, one.issued], one.voided)


@pytest.mark.parametrize("seed", range(2))
def test_exact_amounts_and_what_lies_between_are_the_invoices_of_random_companies(seed: int) -> None:
    life = CompanyLife(seed, customers=5)
    list(life.live(60))

    feet = foot_of(None, labels())

    assert [shown(one) for one in feet] == recounted()
    assert [(one.agrees, one.exact + sum(amount for _, amount in one.steps)) for one in feet] == [
        (True, one.total) for one in feet
    ]
    for what in ("late", "adjusted", "issued", "voided", "reopened", "regenerated", "action voided", "action waived"):
        assert life.done[what], life.done
    assert Invoice.objects.filter(credit__lt=0).exists()
    assert {label[4:6] for label in labels()} == {"-0", "-1", "-W"}


def test_every_partition_of_the_periods_adds_up_to_the_same() -> None:
    list(CompanyLife(5).live(35))

    whole = foot_of(None, labels())

    by_customer = [one for customer in Customer.objects.all() for one in foot_of([customer.pk], labels())]
    by_cycle = [one for label in labels() for one in foot_of(None, [label])]
    for parts in (by_customer, by_cycle):
        for one in whole:
            some = [part for part in parts if part.currency == one.currency]
            assert (sum(part.total for part in some), sum(part.exact for part in some)) == (one.total, one.exact)
            assert sum(part.rounding for part in some) == one.rounding
            assert sum(part.periods for part in some) == one.periods


def test_late_activity_is_at_the_foot_of_the_period_that_bills_it() -> None:
    period = an_open_period()
    a_price("1.003333")
    received(period, 3)
    received(period, 2, at=IN_SEPTEMBER)
    billed(period)

    (foot,) = foot_of([period.customer_id], OCTOBER)

    assert (foot.exact, foot.rounding, foot.total) == (Decimal("5.016665"), Decimal("0.003335"), Decimal("5.02"))


def test_rounding_minimum_and_tax_are_rows_of_their_own() -> None:
    period = an_open_period(tax_rate=Decimal("8.875"), monthly_minimum=Decimal(50))
    a_price("1.003333")
    received(period, 3)
    invoice = billed(period)

    (foot,) = foot_of([period.customer_id], OCTOBER)

    assert foot.steps == (
        ("Not invoiced yet", Decimal(0)),
        ("Line rounding", Decimal("0.000001")),
        ("Minimum", Decimal("46.99")),
        ("Adjustments", Decimal(0)),
        ("Tax", Decimal("4.44")),
        ("Credit", Decimal(0)),
    )
    assert (foot.exact, foot.total, foot.agrees) == (Decimal("3.009999"), invoice.total, True)


def test_it_says_which_invoices_are_not_final(accountant: User) -> None:
    a_price()
    without, draft, agreed, final, gone = (an_open_period() for _ in range(5))
    for period in (without, draft, agreed, final, gone):
        received(period, 3)
    rate(without, at=NOVEMBER_3)
    billed(draft)
    approved(billed(agreed), accountant)
    issued(billed(final), accountant)
    void(issued(billed(gone), accountant), reason="Wrong", by=UserFactory.create(), at=NOVEMBER_3)
    rate(gone, at=NOVEMBER_3)

    (foot,) = foot_of(None, OCTOBER)

    assert foot.notes == (
        "2 periods have no invoice yet.",
        "1 invoice is a draft.",
        "1 invoice is approved but not issued.",
        "1 void invoice is left out.",
    )
    assert (foot.exact, foot.not_invoiced, foot.total) == (Decimal("37.5"), Decimal(15), Decimal("22.5"))


def test_an_invoice_that_is_not_the_sum_of_its_charges_is_found_out() -> None:
    a_price()
    periods = [an_open_period(), an_open_period()]
    for period in periods:
        received(period, 3)
        billed(period)
    PeriodTally.objects.filter(period=periods[0]).update(amount=Decimal("7.500001"))

    (foot,) = foot_of(None, OCTOBER)

    assert (foot.agrees, foot.differing) == (False, (periods[0].pk,))


def test_an_unknown_label_or_customer_has_no_foot() -> None:
    period = an_open_period()

    assert foot_of(None, ["2026-99"]) == foot_of([], OCTOBER) == foot_of([period.customer_id], []) == []


def test_it_takes_two_queries_however_many_customers(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    a_price()
    for _ in range(3):
        period = an_open_period()
        received(period, 3)
        billed(period)

    with django_assert_num_queries(2):
        (foot,) = foot_of(None, OCTOBER)
    assert foot.periods == 3
