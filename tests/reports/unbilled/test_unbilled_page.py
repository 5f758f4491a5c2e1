"""Unbilled as of a day: which activity counts, what is said beside the amounts, the page and its file."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from billing_engine.core import money
from billing_engine.core.calendar.spans import Week
from invoices.domain.life.reopen import void
from invoices.domain.life.transitions import issue
from leads.domain.voiding import void as void_action
from leads.models import Action, BillingPeriod, Customer
from pricing.domain.rate.rate import rate
from receivables.domain.exports.accrual import unbilled_at as accrued_at
from reports.queries.unbilled.unbilled import Unbilled, UnbilledPeriod, unbilled_at
from tests.factories.leads import BillingPeriodFactory, CustomerFactory, DeliveryFactory, agree
from tests.factories.people import UserFactory
from tests.invoices.made import (
    IN_OCTOBER,
    IN_SEPTEMBER,
    NOVEMBER_3,
    a_price,
    an_open_period,
    approved,
    billed,
    issued,
    received,
)

pytestmark = pytest.mark.django_db

PAGE, CSV = "admin:reports_unbilled", "admin:reports_unbilled_file"
SEPTEMBER_30, OCTOBER_31, NOVEMBER_2 = date(2026, 9, 30), date(2026, 10, 31), date(2026, 11, 2)


def october() -> list[Unbilled]:
    return unbilled_at(OCTOBER_31, previous=SEPTEMBER_30)


def the_row(answer: list[Unbilled]) -> UnbilledPeriod:
    ((row,),) = [one.rows for one in answer]
    return row


@pytest.fixture
def period() -> BillingPeriod:
    """October of a customer, with 5 units at $1.003333."""
    period = an_open_period(name="Acme", code="ACME")
    a_price("1.003333")
    received(period, 3, 2)
    rate(period, at=NOVEMBER_3)
    return period


def test_a_draft_is_unbilled_and_an_issued_invoice_is_not_from_its_day_on(
    period: BillingPeriod, accountant: User
) -> None:
    assert the_row(october()).state == ""
    invoice = billed(period)
    assert the_row(october()).state == "draft"

    issued(invoice, accountant)

    row = the_row(october())
    assert (row.amount, row.charged, row.number) == (Decimal("5.016665"), 2, invoice.__class__.objects.get().number)
    assert the_row(unbilled_at(NOVEMBER_2, previous=OCTOBER_31)) == row
    (after,) = unbilled_at(date(2026, 11, 3), previous=OCTOBER_31)
    assert (after.rows, after.bridge.invoiced, after.bridge.closing) == ([], Decimal("5.016665"), 0)


def test_an_invoice_counts_from_its_date_as_in_the_accrual(period: BillingPeriod, accountant: User) -> None:
    issue(approved(billed(period), accountant), by=accountant, at=NOVEMBER_3, issued_on=OCTOBER_31)

    (answer,) = october()

    assert (answer.rows, answer.bridge.invoiced, answer.bridge.closing) == ([], Decimal("5.016665"), 0)
    assert accrued_at(None, OCTOBER_31) == []
    day_before = date(2026, 10, 30)
    assert [row.amount for row in accrued_at(None, day_before)] == [
        money.rounded(the_row(unbilled_at(day_before, previous=SEPTEMBER_30)).amount, "USD")
    ]


def test_a_voided_invoice_bills_its_period_from_its_issue_to_its_void(period: BillingPeriod, accountant: User) -> None:
    invoice = issued(billed(period), accountant)
    void(invoice, reason="Wrong", by=UserFactory.create(), at=datetime(2026, 11, 9, 12, tzinfo=UTC))

    found = {day: unbilled_at(date(2026, 11, day), previous=date(2026, 11, day - 1)) for day in (2, 5, 9)}

    assert [one.sum("amount") for answers in found.values() for one in answers] == [
        Decimal("5.016665"),
        Decimal("5.016665"),
    ]
    assert found[5] == []
    (bridge,) = [one.bridge for one in found[9]]
    assert (bridge.opening, bridge.voided, bridge.closing) == (0, Decimal("5.016665"), Decimal("5.016665"))


@pytest.mark.parametrize(
    ("zone", "occurred", "counts"),
    [
        ("America/New_York", datetime(2026, 11, 1, 3, 59, 59, tzinfo=UTC), True),  # October 31, 23:59:59
        ("America/New_York", datetime(2026, 11, 1, 4, tzinfo=UTC), False),
        ("Asia/Tokyo", datetime(2026, 10, 31, 14, 59, 59, tzinfo=UTC), True),
        ("Asia/Tokyo", datetime(2026, 10, 31, 15, tzinfo=UTC), False),
    ],
)
def test_a_day_ends_at_midnight_of_the_customer(zone: str, occurred: datetime, counts: bool) -> None:
    a_price()
    customer = CustomerFactory.create(time_zone=zone)
    week = Week(2026, 44).span(customer.zone)  # to November 1
    period = BillingPeriodFactory.create(customer=customer, label="2026-W44", start_at=week.start, end_at=week.end)
    received(period, 1, at=occurred)
    rate(period, at=NOVEMBER_3)

    assert bool([one for one in october() if one.rows]) is counts


def test_what_arrived_later_is_counted_apart(period: BillingPeriod) -> None:
    late = DeliveryFactory.create(received_at=NOVEMBER_3)
    received(period, 7, delivery=late)
    rate(period, at=NOVEMBER_3)

    row = the_row(october())

    assert (row.charged, row.amount) == (3, Decimal("12.039996"))
    assert (row.arrived, row.arrived_amount) == (1, Decimal("7.023331"))


def test_what_was_voided_later_is_counted_and_its_amount_is_not_guessed(
    period: BillingPeriod, accountant: User
) -> None:
    first, second = Action.objects.order_by("pk")
    void_action(first, reason="Canceled", by=accountant, at=NOVEMBER_3)
    void_action(second, reason="Canceled", by=accountant, at=IN_OCTOBER)
    rate(period, at=NOVEMBER_3)

    row = the_row(october())

    assert (row.charged, row.amount, row.voided, row.arrived) == (0, 0, 1, 0)


def test_unrated_actions_and_those_waiting_for_rating_have_no_amount() -> None:
    period = an_open_period()
    received(period, 3)
    rate(period, at=NOVEMBER_3)
    received(period, 2, 2)
    period.unrated_marks.create(reason="intake")

    row = the_row(october())

    assert (row.charged, row.unrated, row.waiting, row.amount) == (0, 1, 2, 0)


def test_late_activity_is_unbilled_in_the_period_that_bills_it(period: BillingPeriod) -> None:
    received(period, 2, at=IN_SEPTEMBER)
    rate(period, at=NOVEMBER_3)

    (one,) = unbilled_at(SEPTEMBER_30, previous=date(2026, 8, 31))

    assert (one.rows[0].label, one.rows[0].amount) == ("2026-10", Decimal("2.006666"))


def test_a_minimum_is_noted_from_the_end_of_its_period_and_is_no_part_of_the_amount(period: BillingPeriod) -> None:
    agree(period.customer, monthly_minimum=Decimal(50))

    before = the_row(with_activity(unbilled_at(date(2026, 10, 30), previous=SEPTEMBER_30)))
    row = the_row(with_activity(october()))

    assert (before.minimum, row.minimum, row.amount) == (0, Decimal("44.98"), Decimal("5.016665"))


def with_activity(answer: list[Unbilled]) -> list[Unbilled]:
    """Without the periods in which nothing occurred."""
    return [replace(one, rows=[row for row in one.rows if row.actions]) for one in answer]


def test_a_minimum_is_due_for_a_period_in_which_nothing_occurred() -> None:
    customer = an_open_period(monthly_minimum=Decimal(50), billed_from=date(2026, 9, 1)).customer

    (one,) = october()

    assert [(row.label, row.period is None, row.minimum, row.amount) for row in one.rows] == [
        ("2026-09", True, 50, 0),
        ("2026-10", False, 50, 0),
    ]
    Customer.objects.filter(pk=customer.pk).update(is_active=False)
    assert october() == []


def test_it_takes_as_many_queries_for_many_customers(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    a_price()
    for _ in range(3):
        period = an_open_period(monthly_minimum=Decimal(50), billed_from=date(2026, 10, 1))
        received(period, 3)
        rate(period, at=NOVEMBER_3)
        with django_assert_num_queries(8):
            october()


def test_the_page_shows_the_rows_the_bridge_and_what_is_not_known(finance: Client, period: BillingPeriod) -> None:
    received(period, 7, delivery=DeliveryFactory.create(received_at=NOVEMBER_3))
    rate(period, at=NOVEMBER_3)

    answer = finance.get(reverse(PAGE), {"as_of": "2026-10-31"})

    (card,) = answer.context["cards"]
    assert (card.amount, card.customers) == ("$12.039996", "1 customer")
    (row,) = card.rows
    assert (row.name, row.period, row.charged, row.amount) == ("Acme", "October 2026", "3", "$12.039996")
    assert (row.since, row.state) == (("1 arrived, $7.023331",), "Not invoiced")
    assert card.steps == [
        ("Unbilled at the end of September 30, 2026", "$0.00"),
        ("+ Charged for the days after it", "$12.039996"),
        ("− Invoiced", "$0.00"),
        ("+ Back from voided invoices", "$0.00"),
        ("Unbilled at the end of October 31, 2026", "$12.039996"),
    ]
    assert "Earlier prices are not kept" in answer.content.decode()


def test_the_csv_has_every_row(finance: Client, period: BillingPeriod, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.admin.unbilled.table.ROWS_SHOWN", 1)
    other = an_open_period(name="Zebra")
    received(other, 1)
    rate(other, at=NOVEMBER_3)

    page = finance.get(reverse(PAGE), {"as_of": "2026-10-31"})
    answer = finance.get(reverse(CSV, args=["csv"]), {"as_of": "2026-10-31"})

    assert (len(page.context["cards"][0].rows), page.context["cards"][0].hidden) == (1, 1)
    assert page.context["cards"][0].total.amount == "$6.019998"
    *rows, last = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert last["Currency"] == "Rows: 2 of 2"
    told = ("Currency", "Customer", "First day", "Last day", "Charged actions", "Exact amount", "Invoice now")
    assert [tuple(row[name] for name in told) for row in rows] == [
        ("USD", "Acme", "2026-10-01", "2026-10-31", "2", "5.016665", "Not invoiced"),
        ("USD", "Zebra", "2026-10-01", "2026-10-31", "1", "1.003333", "Not invoiced"),
    ]


@pytest.mark.parametrize(
    "asked",
    [
        {"as_of": "2026-02-30"},
        {"as_of": "yesterday"},
        {"as_of": "0001-01-01"},
        {"as_of": "9999-12-31"},
        {"as_of": "99999-01-01"},
        {"as_of": "2026-10-31", "since": "2026-10-31"},
        {"as_of": "2026-10-31", "since": "2020-01-01"},
        {"as_of": "2026-10-31", "since": "never"},
    ],
)
def test_a_day_that_can_not_be_shown_is_refused_with_a_sentence(finance: Client, asked: dict[str, Any]) -> None:
    page, file = finance.get(reverse(PAGE), asked), finance.get(reverse(CSV, args=["csv"]), asked)

    (words,) = (word for words in page.context["form"].errors.values() for word in words)
    assert words.startswith("Choose a day ")
    assert words in page.content.decode()
    assert (page.status_code, "cards" in page.context) == (200, False)
    assert (file.status_code, list(map(str, get_messages(file.wsgi_request)))) == (302, [words])


def test_without_a_day_it_is_the_end_of_last_month(finance: Client) -> None:
    page = finance.get(reverse(PAGE))

    assert page.context["form"].days[0].month == (now().month - 2) % 12 + 1
    assert "Nothing was unbilled" in page.content.decode()


def test_it_needs_the_rights_to_see_charges_and_invoices(client: Client) -> None:
    client.force_login(UserFactory.create())

    assert client.get(reverse(PAGE)).status_code == client.get(reverse(CSV, args=["csv"])).status_code == 403
