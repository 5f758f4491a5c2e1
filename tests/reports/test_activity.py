"""Billing activity: received actions and their outcomes, equal to the invoice to the cent."""

import csv
import io
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from invoices.models import Invoice
from leads.models import BillingPeriod, Customer, Source
from pricing.domain.rate.rate import rate
from reports.admin.activity_table import sheet_of
from reports.queries.activity import ActivityRow, Counted, activity_of, total_of
from reports.queries.reconciliation import reconciled
from tests.factories.leads import SourceFactory, from_day
from tests.factories.people import UserFactory
from tests.factories.pricing import graduated
from tests.invoices.made import IN_SEPTEMBER, NOVEMBER_3, a_price, an_open_period, billed, received

pytestmark = pytest.mark.django_db

PAGE = "admin:reports_activity"
CSV = "admin:reports_activity_file"


@pytest.fixture
def web() -> Source:
    return SourceFactory.create(name="Web")


@pytest.fixture
def period(web: Source) -> BillingPeriod:
    """October of a customer with fractional cents, tiers, tests, late activity, a minimum and a tax."""
    period = an_open_period(tax_rate=Decimal("8.875"), monthly_minimum=Decimal(50), name="Acme", code="ACME")
    a_price("1.003333", action_type=None)
    graduated((2, "1.111111", "0"), (None, "0.333333", "0"), priority=1, product=None, category="tiered")
    received(period, 3, 4, source=web)
    received(period, 7, product="Felt panel", source=web)
    received(period, 1, 2, product="Stone", kind="quote_request", source=web)
    from_day(period.customer.products.get(name="Stone"), category="tiered")
    received(period, 2, at=IN_SEPTEMBER, source=web)
    received(period, 1, 1, is_test=True, source=web)
    return period


def exact_of(customer: Customer) -> dict[str, Decimal]:
    return {"2026-10": total_of(activity_of(customer)).amount}


def plain(rows: Any) -> list[tuple[Any, ...]]:
    return [(row.month, row.late_from, row.product, row.source, row.action_type, row.counted) for row in rows]


def test_each_action_is_counted_once_as_charged_excluded_or_unrated(period: BillingPeriod) -> None:
    billed(period)

    assert plain(activity_of(period.customer)) == [
        ("2026-10", "", "Felt panel", "Web", "Sample order", counted(1, 1, quantity=7, amount="7.023331")),
        (
            "2026-10",
            "",
            "Oak veneer",
            "Web",
            "Sample order",
            counted(4, 2, excluded={"test_lead": 2}, quantity=7, amount="7.023331"),
        ),
        ("2026-10", "", "Stone", "Web", "Quote request", counted(2, 2, quantity=3, amount="2.555555")),
        ("2026-10", "2026-09-01", "Oak veneer", "Web", "Sample order", counted(1, 1, quantity=2, amount="2.006666")),
    ]


def counted(actions: int, charged: int, *, quantity: int, amount: str, **more: Any) -> Counted:
    return Counted(actions, charged, quantity=Decimal(quantity), amount=Decimal(amount), **more)


def test_what_no_rule_prices_is_unrated_rated_or_not(web: Source) -> None:
    period = an_open_period()
    received(period, 1, 2, source=web)

    before = plain(activity_of(period.customer))
    rate(period, at=NOVEMBER_3)

    assert before == plain(activity_of(period.customer))
    assert before == [("2026-10", "", "Oak veneer", "Web", "Sample order", Counted(actions=2, unrated=2))]


def test_a_month_is_asked_for_alone(web: Source) -> None:
    period = an_open_period()
    received(period, 1, source=web)

    assert len(list(activity_of(period.customer, month="2026-10"))) == 1
    assert list(activity_of(period.customer, month="2026-09")) == []


def test_another_customers_activity_is_not_shown(period: BillingPeriod) -> None:
    assert list(activity_of(an_open_period().customer)) == []


def test_the_figures_are_the_invoices_to_the_cent(period: BillingPeriod) -> None:
    invoice = billed(period)

    (entry,) = reconciled(period.customer, exact_of(period.customer))

    assert entry.exact == Decimal("18.608883")
    assert entry.exact_on_lines == entry.exact
    assert entry.rounding == Decimal("18.61") - entry.exact  # 7.02 + 7.02 + 2.56 + 2.01, each line rounded once
    assert entry.minimum == Decimal("31.39")
    assert entry.exact + entry.rounding + entry.minimum + entry.tax == entry.total == invoice.total
    assert entry.agrees


def test_an_invoice_that_is_not_the_sum_of_its_charges_is_found_out(period: BillingPeriod) -> None:
    billed(period)

    (entry,) = reconciled(period.customer, {"2026-10": Decimal("18.608884")})

    assert not entry.agrees


def test_what_is_not_billed_yet_reconciles_with_nothing(period: BillingPeriod) -> None:
    assert reconciled(period.customer, exact_of(period.customer)) == []


def test_it_takes_one_query_however_many_rows(
    period: BillingPeriod, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    billed(period)

    with django_assert_num_queries(1):
        assert len(list(activity_of(period.customer))) == 4
    with django_assert_num_queries(1):
        reconciled(period.customer, {"2026-10": Decimal(0)})


def test_the_totals_hold_rows_that_the_page_has_no_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.admin.activity_table.ROWS_SHOWN", 2)
    period = an_open_period()
    customer, span = period.customer, (period.start_at, period.end_at)
    rows = [
        ActivityRow("2026-10", *span, "", str(n), "P", "S", "T", "sample", counted(1, 1, quantity=1, amount="1"))
        for n in range(5)
    ]

    sheet = sheet_of(customer, iter(rows))

    assert (len(sheet.months[0].rows), sheet.rows, sheet.hidden) == (2, 5, 3)
    assert (sheet.total.actions, sheet.total.amount) == ("5", "$5.00")


def test_the_page_shows_the_rows_and_that_they_agree(finance: Client, period: BillingPeriod) -> None:
    billed(period)

    answer = finance.get(reverse(PAGE), {"customer": period.customer_id, "month": "2026-10"})

    sheet = answer.context["sheet"]
    assert [(row.product, late, line.amount) for row, late, line in sheet.months[0].rows] == [
        ("Felt panel", "", "$7.023331"),
        ("Oak veneer", "", "$7.023331"),
        ("Stone", "", "$2.555555"),
        ("Oak veneer", "September 2026", "$2.006666"),
    ]
    (bridge,) = sheet.bridges
    assert (bridge.exact, bridge.rounding, bridge.minimum, bridge.agrees) == (
        "$18.608883",
        "+$0.001117",
        "+$31.39",
        True,
    )
    assert "agrees to the cent" in answer.content.decode()


def test_the_csv_has_the_same_figures(finance: Client, period: BillingPeriod) -> None:
    billed(period)

    answer = finance.get(reverse(CSV, args=["csv"]), {"customer": period.customer_id, "month": "2026-10"})

    assert answer.streaming
    assert answer["Content-Disposition"] == 'attachment; filename="activity-ACME-2026-10.csv"'
    *rows, last = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert last["Month"] == "Rows: 4 of 4"
    told = ("Product", "Late activity from", "Charged", "Excluded: Test lead", "Amount")
    assert [tuple(row[name] for name in told) for row in rows] == [
        ("Felt panel", "", "1", "0", "7.023331"),
        ("Oak veneer", "", "2", "2", "7.023331"),
        ("Stone", "", "2", "0", "2.555555"),
        ("Oak veneer", "September 2026", "1", "0", "2.006666"),
    ]
    assert sum(Decimal(row["Amount"]) for row in rows) == exact_of(period.customer)["2026-10"]


def test_nonsense_in_the_address_asks_for_a_customer(finance: Client) -> None:
    for customer in ("", "x", "-1", "9" * 30, "999999"):
        answer = finance.get(reverse(PAGE), {"customer": customer, "month": "2026-99"})
        assert (answer.status_code, answer.context["customer"]) == (200, None)
    assert finance.get(reverse(CSV, args=["csv"])).status_code == 404


def test_users_without_access_to_invoices_see_no_activity(client: Client, period: BillingPeriod) -> None:
    client.force_login(UserFactory.create())

    assert client.get(reverse(PAGE)).status_code == 403
    assert client.get(reverse(CSV, args=["csv"]), {"customer": period.customer_id}).status_code == 403
    assert not Invoice.objects.exists()


def test_the_page_adds_up_by_product_and_by_source_and_reconciles_first(finance: Client) -> None:
    period = an_open_period(name="Acme", code="ACME")
    a_price("2.50")
    web, webinars = (SourceFactory.create(name=name) for name in ("Web", "Webinars"))
    for source, product, quantity in ((web, "Oak", 3), (web, "Stone", 1), (webinars, "Oak", 5)):
        received(period, quantity, product=product, source=source)
    billed(period)

    sheet = sheet_of(period.customer, activity_of(period.customer))
    html = finance.get(reverse(PAGE), {"customer": period.customer_id}).content.decode()

    skus = dict(period.customer.products.values_list("name", "sku"))
    told = [[(name, line.actions, line.amount) for name, line in part.rows] for part in sheet.by]
    assert told == [
        [(f"Oak · {skus['Oak']}", "2", "$20.00"), (f"Stone · {skus['Stone']}", "1", "$2.50")],
        [("Webinars", "1", "$12.50"), ("Web", "2", "$10.00")],
    ]
    parts = ("Reconciliation with invoices", "By product", "By source", "By product, source")
    places = [html.index(f"<h2>{words}") for words in parts]
    assert places == sorted(places)
    assert re.findall(r"<details[^>]* open", html)


def test_very_many_rows_are_collapsed_behind_their_totals(
    finance: Client, monkeypatch: pytest.MonkeyPatch, period: BillingPeriod
) -> None:
    monkeypatch.setattr("reports.admin.activity_table.ROWS_OPEN", 2)

    html = finance.get(reverse(PAGE), {"customer": period.customer_id}).content.decode()

    assert not re.findall(r"<details[^>]* open", html)
    assert "4 rows" in html  # late activity has its own row
