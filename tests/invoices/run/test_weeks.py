"""Customers billed by the week or every two weeks: minimum, budget, late activity, runs, and the change from months."""

import csv
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from billing_engine.core.calendar.spans import Fortnight, Month, Week
from invoices.admin.invoice.page import charges_of
from invoices.domain.document.content import content_of
from invoices.domain.life.close import close
from invoices.domain.run.billing_run import CycleNotOver, Progress, bill, progress, start
from invoices.domain.wording import month_in_words
from invoices.models import Invoice, InvoiceLine
from invoices.queries.cycle import late_in
from invoices.queries.month import periods_in, rated_in
from leads.domain.cycles import change_cycle
from leads.domain.intake.receive import receive
from leads.models import Action, BillingPeriod, Customer
from pricing.domain.audit.prove import prove
from pricing.domain.rate.rate import rate
from reports.queries.sums.invariants import invariants
from tests.factories.leads import (
    ActionTypeFactory,
    BillingPeriodFactory,
    CustomerFactory,
    ProductFactory,
    SourceFactory,
)
from tests.invoices.made import NOVEMBER_3, a_price, received

pytestmark = pytest.mark.django_db

WEEK = Week(2026, 43)  # October 19 – 25
TWO_WEEKS = Fortnight(2026, 43)  # October 19 – November 1
IN_THE_WEEK = datetime(2026, 10, 20, 12, tzinfo=UTC)


def a_week(**customer: object) -> BillingPeriod:
    return BillingPeriodFactory.create(customer=CustomerFactory.create(cycle="weekly", **customer), month=WEEK)


def drafted(period: BillingPeriod) -> Invoice:
    rate(period, at=NOVEMBER_3)
    invoice = close(period, at=NOVEMBER_3)
    assert invoice is not None
    return invoice


@pytest.mark.parametrize(
    ("cycle", "customer", "total", "part"),
    [
        (WEEK, {}, "70.00", " for October 19 – 25, 2026 (7 days)"),
        # Thirteen days of October's 31, one of November's 30.
        (TWO_WEEKS, {}, "140.33", " for October 19, 2026 – November 1, 2026 (14 days)"),
        (WEEK, {"contract_from": date(2026, 10, 22)}, "40.00", " for October 22 – 25, 2026 (4 of 7 days)"),
        (WEEK, {"contract_to": date(2026, 10, 19)}, "10.00", " for October 19, 2026 (1 of 7 days)"),
        (Week(2027, 8), {}, "77.50", " for February 22 – 28, 2027 (7 days)"),
        (Month(2026, 10), {}, "310.00", ""),
        (Month(2026, 10), {"contract_from": date(2026, 10, 31)}, "10.00", " for October 31, 2026 (1 of 31 days)"),
    ],
)
def test_the_monthly_minimum_is_due_by_days(cycle: Week, customer: dict[str, object], total: str, part: str) -> None:
    owner = CustomerFactory.create(cycle=cycle.kind, monthly_minimum=310, **customer)
    period = BillingPeriodFactory.create(customer=owner, month=cycle)

    invoice = close(period, at=datetime(2027, 6, 1, tzinfo=UTC))

    assert invoice is not None
    line = invoice.lines.get()
    assert (line.kind, line.amount, invoice.total) == (InvoiceLine.Kind.MINIMUM, Decimal(total), Decimal(total))
    assert line.description == f"Difference to the monthly minimum of $310.00{part}"


def test_a_hard_budget_holds_a_week_to_its_days_of_the_month_and_the_closed_week_can_be_proven() -> None:
    a_price("2.50")
    period = a_week(monthly_budget=31, hard_budget=True)
    received(period, 10, at=IN_THE_WEEK)

    invoice = drafted(period)
    period.refresh_from_db()
    proof = prove(period)

    assert (invoice.subtotal, invoice.lines.get(kind="charges").detail[-1]["cap"]) == (7, "budget")
    assert (proof.actions, proof.differing) == (1, 0)


def test_a_week_is_billed_when_it_is_over_and_months_are_left_alone(accountant: User) -> None:
    a_price()
    period, other = a_week(time_zone="America/New_York"), BillingPeriodFactory.create()
    received(period, 2, at=IN_THE_WEEK)
    CustomerFactory.create(cycle="weekly", monthly_minimum=31)
    CustomerFactory.create(monthly_minimum=31)

    with pytest.raises(CycleNotOver, match=r"Acme.*: October 19 – 25, 2026 ends October 26, 2026, 00:00 UTC; Acme"):
        start(WEEK, by=accountant, at=datetime(2026, 10, 25, 23, tzinfo=UTC))
    for at in (datetime(2026, 10, 26, 3, tzinfo=UTC), datetime(2026, 10, 26, 4, tzinfo=UTC)):
        run = start(WEEK, by=accountant, at=at)
        for item in run.items.all():
            bill(item.pk, at=at)
        # Who is over first is billed first; New York is four hours later.
        assert progress(run) == Progress(billed=1, nothing=0, failed=0, waiting=0)

    assert sorted(Invoice.objects.values_list("total", flat=True)) == [5, 7]
    other.refresh_from_db()
    assert (other.is_open, BillingPeriod.objects.count()) == (True, 3)


def test_late_activity_is_named_by_its_week_everywhere_and_its_charges_are_found(finance: Client) -> None:
    a_price()
    period = a_week(billed_from=date(2026, 10, 7))
    for week in (Week(2026, 41), Week(2026, 42)):
        span = period.customer.calendar.span_of(week)
        BillingPeriod.objects.create(customer=period.customer, label=str(week), start_at=span.start, end_at=span.end)
    received(period, 1, at=IN_THE_WEEK)
    received(period, 2, at=datetime(2026, 10, 11, 23, 59, 59, tzinfo=UTC))  # the week that begins on its third day
    received(period, 3, at=datetime(2026, 10, 12, tzinfo=UTC))
    received(period, 4, at=datetime(2026, 10, 6, 23, 59, 59, tzinfo=UTC))  # before the customer is billed
    received(period, 5, at=datetime(2024, 2, 29, 12, tzinfo=UTC))

    invoice = drafted(period)

    late = {
        "2024-02-01": "February 2024",
        "2026-10-01": "October 1 – 6, 2026",
        "2026-10-07": "October 7 – 11, 2026",
        "2026-10-12": "October 12 – 18, 2026",
    }
    lines = list(invoice.lines.order_by("position"))
    assert [(line.late_from, line.quantity) for line in lines] == list(zip(["", *late], [1, 5, 4, 2, 3], strict=True))
    notes = [line.notes for line in content_of(invoice).lines]
    assert notes == [(), *((f"Late activity from {words}",) for words in late.values())]
    pages = [finance.get(address).context["page"] for address in charges_of(invoice).values()]
    assert [[shown.quantity for shown in page.charges] for page in pages] == [["1"], ["5"], ["4"], ["2"], ["3"]]
    assert [page.notes for page in pages] == notes
    asked = f"?show=actions,amount&group=day&period={WEEK}&sort=name"
    file = finance.get(f"{reverse('admin:reports_explorer_file', args=['csv'])}{asked}").getvalue().decode("utf-8-sig")
    rows = [(row["Day"], row["Actions"], row["Amount"]) for row in csv.DictReader(file.splitlines())]
    assert rows[:-1] == [
        (day, "1", f"{2.5 * n:.6f}")
        for day, n in (("2024-02-29", 5), ("2026-10-06", 4), ("2026-10-11", 2), ("2026-10-12", 3), ("2026-10-20", 1))
    ]
    assert late_in("2026-10") == [("USD", 4, Decimal(35))]
    assert all(found.holds for found in invariants())


def test_a_month_tells_of_the_weeks_that_end_in_it(finance: Client) -> None:
    a_price()
    period = a_week()
    received(period, 1, 2, 3, at=IN_THE_WEEK)
    drafted(period)

    assert (rated_in(Month(2026, 10)).charged, rated_in(Month(2026, 11)).charged, rated_in(WEEK).charged) == (3, 0, 3)
    assert periods_in(Month(2026, 10)) == {"total": 1, "closed": 1}
    assert all(found.holds for cycle in (Month(2026, 10), WEEK) for found in invariants(cycle))
    listed = finance.get(reverse("admin:invoices_invoice_changelist"), {"month": "2026-10"}).context["cl"]
    assert listed.result_count == 1
    for page in ("index", "reports_invariants"):
        assert "October 19 – 25, 2026" in finance.get(reverse(f"admin:{page}"), {"month": "2026-W43"}).content.decode()


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("2026-10", "October 2026"),
        ("2026-W43", "October 19 – 25, 2026"),
        ("2026-W43x2", "October 19, 2026 – November 1, 2026"),
        ("something", "something"),
    ],
)
def test_a_cycle_in_words(label: str, words: str) -> None:
    assert month_in_words(label) == words


# --- The seam, where a customer comes from months to weeks ---------------------------------------


def sent(**occurred: str) -> bytes:
    actions = [{"id": id_, "type": "sample_order", "occurred_at": f"{at}Z"} for id_, at in occurred.items()]
    return json.dumps([{"id": "L-1", "product": {"sku": "TILE-9"}, "actions": actions}]).encode()


def periods_of_actions() -> dict[str, str]:
    return dict(Action.objects.values_list("external_id", "period__label"))


def test_at_the_seam_every_action_has_one_period() -> None:
    source, customer = SourceFactory.create(), CustomerFactory.create(billed_from=date(2026, 9, 1))
    ProductFactory.create(sku="TILE-9", customer=customer)
    ActionTypeFactory.create()

    def receive_(**occurred: str) -> None:
        receive(source, body=sent(**occurred), content_type="application/json", received_at=NOVEMBER_3)

    def closed(period: BillingPeriod) -> None:
        rate(period, at=NOVEMBER_3)
        close(period, at=NOVEMBER_3)

    a_price()
    receive_(a="2026-10-05T12:00:00")
    change_cycle(customer, to=Customer.Cycle.WEEKLY, by=None, at=IN_THE_WEEK)
    receive_(b="2026-10-31T23:59:59", c="2026-11-01T00:00:00", d="2026-11-02T00:00:00", e="2026-09-30T12:00:00")
    closed(BillingPeriod.objects.get(label="2026-10"))
    receive_(f="2026-10-31T12:00:00", g="2026-11-01T12:00:00")
    closed(BillingPeriod.objects.get(label="2026-W44"))
    closed(BillingPeriod.objects.get(label="2026-09"))
    receive_(h="2026-10-15T12:00:00")

    assert periods_of_actions() == {
        "a": "2026-10",
        "b": "2026-10",
        "c": "2026-W44",  # a week of one day: November 1 is a Sunday
        "d": "2026-W45",
        "e": "2026-09",
        "f": "2026-09",  # late: the earliest that is open
        "g": "2026-W44",
        "h": "2026-W45",
    }
