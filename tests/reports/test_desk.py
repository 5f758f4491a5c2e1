"""The tiles of the two desks: every figure against the charges and deliveries themselves."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wall_clock import read
from billing_engine.core.calendar.wording import age_in_words
from billing_engine.core.money import in_words, rounded
from invoices.models import BillingCycle
from leads.models import Action
from pricing.domain.rate.rate import rate
from pricing.models import Charge
from reports.admin.desk.closing import month_sums, month_to_close
from reports.admin.desk.operations import actions_by_day, price_rows, source_rows
from reports.admin.desk.so_far import LARGEST, so_far
from reports.admin.desk.trends import Window, trends
from reports.admin.desk.work_list import work_list
from reports.admin.forecast_words import by_size, estimate, range_in_words
from reports.domain.alerts.silence import silences, silent_sources
from reports.domain.question.days import Days
from reports.domain.question.question import Question
from reports.queries.attention import waiting
from reports.queries.desk.received import delivered, held_by_day
from reports.queries.desk.revenue import by_month, changes, of_month
from reports.queries.explore.answer import answer_of
from reports.queries.forecast import forecasts
from tests.factories.leads import BillingPeriodFactory, DeliveryFactory, QuarantinedItemFactory, SourceFactory
from tests.factories.people import UserFactory, superuser, with_role
from tests.factories.pricing import PriceRuleFactory
from tests.invoices.made import IN_SEPTEMBER, NOVEMBER_3, a_draft, a_price, an_open_period, billed, received
from tests.reports.random_company import RATED_AT, a_random_company

pytestmark = pytest.mark.django_db

NOVEMBER, OCTOBER = Month(2026, 11), Month(2026, 10)
SVG = "{http://www.w3.org/2000/svg}"


def amounts() -> list[tuple[Any, ...]]:
    """Currency, customer, product, source, local day, month of the billing period, and amount of each charge."""
    found = Charge.objects.select_related("action__lead__product__customer", "action__period")
    return [
        (
            (customer := charge.action.lead.product.customer).currency,
            customer.pk,
            charge.action.lead.product_id,
            charge.action.lead.source_id,
            charge.action.occurred_at.astimezone(ZoneInfo(customer.time_zone)).date(),
            charge.action.period.label,
            charge.amount,
        )
        for charge in found
    ]


@pytest.mark.parametrize("seed", range(3))
def test_revenue_by_month_and_by_what_equals_the_charges(seed: int) -> None:
    a_random_company(seed)
    months: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    parts: dict[str, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for currency, customer, product, source, day, label, amount in amounts():
        months[currency][date.fromisoformat(f"{label}-01")] += amount
        if currency == "USD" and Month.of_day(day) == OCTOBER:
            for name, key in (("customer", customer), ("product", product), ("source", source)):
                parts[name][key] += amount

    assert by_month(Month(2025, 12), NOVEMBER) == {
        currency: {month: amount for month, amount in found.items() if amount} for currency, found in months.items()
    }
    for name, ranked in of_month(OCTOBER, "USD", most=2).items():
        ordered = sorted(
            ((amount, key) for key, amount in parts[name].items() if amount), key=lambda one: (-one[0], one[1])
        )
        assert ranked.largest == tuple((key, amount) for amount, key in ordered[:2])
        assert (ranked.others, ranked.rest) == (len(ordered[2:]), sum((one[0] for one in ordered[2:]), Decimal(0)))


@pytest.mark.parametrize("seed", range(3))
def test_movers_compare_the_same_days_of_two_months(seed: int) -> None:
    a_random_company(seed)
    days, before = (date(2026, 11, 1), date(2026, 11, 12)), (date(2026, 10, 1), date(2026, 10, 12))
    expected: dict[int, Decimal] = defaultdict(Decimal)
    for currency, customer, _, _, day, _, amount in amounts():
        if currency == "USD" and (days[0] <= day <= days[1] or before[0] <= day <= before[1]):
            expected[customer] += amount if day >= days[0] else -amount

    found = changes(days, before, "USD", most=10)

    assert dict(found) == {customer: change for customer, change in expected.items() if change}
    assert [abs(change) for _, change in found] == sorted((abs(change) for _, change in found), reverse=True)


@pytest.mark.parametrize("seed", range(2))
def test_the_month_so_far_is_that_of_the_forecast_in_all_and_of_the_largest_customers(seed: int) -> None:
    a_random_company(seed)
    rows, totals = forecasts(RATED_AT)

    shown = so_far(RATED_AT)["rows"]

    assert [row.name for row in shown if row.is_total] == ["EUR", "JPY", "USD"]
    for total in totals:
        own = sorted((each for each in rows if each.customer.currency == total.currency), key=by_size)
        lines = [total, *own[: LARGEST if len(own) > 1 else 0]]
        start = next(place for place, row in enumerate(shown) if row.name == total.currency)
        for line, row in zip(lines, shown[start:], strict=False):
            amounts = (line.so_far, line.unbilled, line.late, line.last_month)
            exact = tuple(in_words(amount, total.currency) for amount in amounts)
            assert (row.charged, row.unbilled, row.late, row.before) == exact
            expected = estimate(line.forecast, total.currency), range_in_words(line.low, line.high, total.currency)
            assert (row.forecast, row.range) == expected
            for address, words in ((row.charged_address, row.charged), (row.before_address, row.before)):
                asked = Question.read(parse_qs(urlsplit(address).query))
                found = answer_of(asked, at=RATED_AT).by_currency.get(total.currency)
                assert in_words(found.total.sums["amount"] if found else Decimal(0), total.currency) == words


@pytest.mark.parametrize("seed", range(2))
def test_each_figure_of_the_revenue_equals_what_its_link_opens(seed: int) -> None:
    a_random_company(seed)
    shown = trends(RATED_AT, "USD") or {}
    links = [
        link for tile in (shown["revenue"], *shown["ranked"]) for link in ET.fromstring(tile.chart).iter(f"{SVG}a")
    ]

    assert len(links) > 6
    for link in links:
        asked = Question.read(parse_qs(urlsplit(link.get("href", "")).query))
        opened = answer_of(asked, at=RATED_AT).by_currency["USD"].total.sums["amount"]
        assert link.get("aria-label", "").endswith(f" {in_words(opened, 'USD')}")


def test_actions_by_day_equal_the_charges_of_each_customers_own_days() -> None:
    a_random_company(7)
    QuarantinedItemFactory.create(
        occurred_at=datetime(2026, 11, 12, 23, 30, tzinfo=UTC),
        zone="Pacific/Auckland",
        received_at=RATED_AT,
        actions_held=4,
    )
    first, last = date(2026, 11, 7), date(2026, 11, 20)
    charges = {charge.pk: charge for charge in Charge.objects.all()}
    expected: Counter[str] = Counter()
    for action in Action.objects.select_related("lead__product__customer"):
        day = action.occurred_at.astimezone(ZoneInfo(action.lead.product.customer.time_zone)).date()
        charge = charges.get(action.pk)
        outcome = ("excluded" if charge.reason else "charged") if charge else "unrated"
        if first <= day <= last:
            expected[f"{day:%B} {day.day}, {day.year}: {outcome}"] += 1
    expected["November 13, 2026: quarantined"] = 4  # Auckland is a day ahead

    tile = actions_by_day(RATED_AT, with_held=True)

    found = [title.text or "" for title in ET.fromstring(tile.chart).iter(f"{SVG}title")][1:]
    assert Counter(dict(_split(title) for title in found)) == expected
    assert held_by_day(first, last) == {date(2026, 11, 13): 4}
    assert held_by_day(date(2026, 11, 14), last) == {}


def _split(title: str) -> tuple[str, int]:
    words, _, count = title.rpartition(" ")
    return words, int(count)


def test_sources_show_what_they_delivered_and_the_silent_ones_come_first() -> None:
    silent, busy = SourceFactory.create(name="Field webinars"), SourceFactory.create(name="Website")
    fresh, inactive = SourceFactory.create(name="New"), SourceFactory.create(is_active=False)
    for back in range(3, 31):
        DeliveryFactory.create(
            source=silent, received_at=NOVEMBER_3 - timedelta(days=back), leads_received=2, leads_created=2
        )
    for back in (0, 0, 6, 7):
        at = NOVEMBER_3 - timedelta(days=back)
        DeliveryFactory.create(
            source=busy, received_at=at, actions_received=10, actions_created=9, actions_quarantined=1
        )
        DeliveryFactory.create(source=inactive, received_at=at, leads_received=1, leads_created=1)

    silent_ones = silent_sources(at=NOVEMBER_3)
    rows, count = source_rows(NOVEMBER_3, silent_ones)
    (task,) = work_list(waiting(), superuser(), silent_ones)

    assert [
        (row.name, row.items, row.refused, row.is_odd, "Silent for 3 days" in row.silent, row.age) for row in rows
    ] == [
        ("Field webinars", "8", "0%", False, True, "3 days ago"),
        ("Website", "30", "10.0%", True, False, "0 min ago"),
        ("New", "0", "–", False, False, "never"),
    ]
    assert count == 3
    assert (task.count, task.what, task.button) == ("1", "source has stopped delivering", "Open source")
    assert task.advice.startswith("Field webinars. Last delivery October 31, 2026")
    assert [one.source for one in delivered(NOVEMBER_3, silent_ones)] == [silent, fresh, busy]


def test_the_desk_calls_a_source_silent_exactly_when_the_alert_does() -> None:
    """By its own past: at the same number of days, one that delivers daily is silent and one of weekdays is not."""
    sunday = datetime(2026, 11, 1, 12, tzinfo=UTC)
    daily, weekdays, seldom = (SourceFactory.create(name=name) for name in ("Daily", "Weekdays", "Seldom"))
    for back in range(2, 40):
        at = sunday - timedelta(days=back)
        DeliveryFactory.create(source=daily, received_at=at)
        if at.weekday() < 5:
            DeliveryFactory.create(source=weekdays, received_at=at)
    for back in (5, 20):
        DeliveryFactory.create(source=seldom, received_at=sunday - timedelta(days=back))

    shown = {one.source for one in delivered(sunday, silent_sources(at=sunday)) if one.silence}

    assert shown == {daily}
    assert {finding.source for finding in silences(at=sunday)} == {daily.pk}


def test_prices_about_to_change_are_rules_to_come_and_drafts_of_them() -> None:
    december = read("2026-12-01")
    old = PriceRuleFactory.create(name="Quote request", unit_price=Decimal(18))
    PriceRuleFactory.create(name="Past", wall_from=read("2026-10-01"), unit_price=Decimal(2), priority=1)
    PriceRuleFactory.create(name="Over before it began", wall_from=december, wall_to=december, unit_price=Decimal(2))
    PriceRuleFactory.create(
        name="Quote request", state="draft", revises=old, wall_from=december, unit_price=Decimal("19.5")
    )

    rows, count = price_rows(NOVEMBER_3)

    assert [(row.name, row.starts, row.where, row.now, row.new, row.state) for row in rows] == [
        ("Quote request", "December 1, 2026", "each customer’s time zone", "$18.00 each", "$19.50 each", "Draft")
    ]
    assert count == 1


def test_the_work_list_puts_the_oldest_harm_first_and_names_a_single_cause() -> None:
    studio = SourceFactory.create(name="Studio events")
    for back in (1, 2, 3):
        QuarantinedItemFactory.create(
            source=studio, code="unknown_action_type", message="sample_ordr is unknown",
            received_at=NOVEMBER_3 - timedelta(days=back),
        )  # fmt: skip
    QuarantinedItemFactory.create(code="time_invalid", received_at=NOVEMBER_3 - timedelta(days=5))
    a_draft(2)

    tasks = work_list(waiting(), superuser())

    assert [(task.count, task.what, task.button) for task in tasks] == [
        ("1", "in quarantine", "Fix 1"),
        ("3", "in quarantine", "Fix all 3"),
        ("1", "to approve", "Open drafts"),
    ]
    assert tasks[1].advice == "Studio events · sample_ordr is unknown"
    assert [task.since and age_in_words(NOVEMBER_3 - task.since) for task in tasks[:2]] == ["5 days", "3 days"]


def test_unrated_actions_are_named_if_they_are_of_one_kind() -> None:
    period = an_open_period()
    received(period, 1)
    rate(period, at=NOVEMBER_3)
    action = Action.objects.select_related("action_type").get()

    (task,) = work_list(waiting(), superuser())

    assert task.advice.startswith(f"{action.action_type.name} of {period.customer.name}. ")
    assert task.since is not None


def test_each_role_sees_its_own_desk_and_a_viewer_both() -> None:
    shown = {}
    for role in ("Operations", "Finance", "Viewer"):
        browser = Client()
        browser.force_login(with_role(role))
        context = browser.get(reverse("admin:index")).context
        shown[role] = (context["operations"] is not None, context["finance"] is not None, context["is_finance_first"])

    assert shown == {
        "Operations": (True, False, False),
        "Finance": (False, True, True),
        "Viewer": (True, True, False),
    }


def test_no_one_without_rights_sees_a_figure_of_a_desk(client: Client) -> None:
    a_draft(2)
    client.force_login(UserFactory.create())

    context = client.get(reverse("admin:index")).context

    assert {key: value for key, value in context["operations"].items() if value} == {}
    assert {key: value for key, value in context["finance"].items() if value} == {}
    assert client.get(reverse("admin:reports_flags"), {"month": "2026-10"}).status_code == 403


def test_a_month_is_compared_with_the_one_before_once_it_is_over() -> None:
    october = a_draft(2)
    september = BillingPeriodFactory.create(customer=october.customer, month=Month(2026, 9))
    received(september, 4, at=IN_SEPTEMBER)
    billed(september)

    over = month_sums(OCTOBER, NOVEMBER_3.date())["rows"]
    running = month_sums(OCTOBER, date(2026, 10, 20))["rows"]

    assert [(row.total, row.before.value, row.change) for row in over] == [("$5.00", "$10.00", "−50.0%")]
    assert [row.change for row in running] == ["–"]


@pytest.mark.parametrize(
    ("today", "days", "before"),
    [
        ("2026-11-03", ("2026-11-01", "2026-11-02"), ("2026-10-01", "2026-10-02")),
        ("2026-11-01", ("2026-10-01", "2026-10-31"), ("2026-09-01", "2026-09-30")),
        ("2026-03-31", ("2026-03-01", "2026-03-30"), ("2026-02-01", "2026-02-28")),
        ("2026-03-01", ("2026-02-01", "2026-02-28"), ("2026-01-01", "2026-01-31")),
        ("2026-01-02", ("2026-01-01", "2026-01-01"), ("2025-12-01", "2025-12-01")),
    ],
)
def test_the_same_days_of_two_months(today: str, days: tuple[str, str], before: tuple[str, str]) -> None:
    window = Window.on(date.fromisoformat(today))

    assert (str(window.first), str(window.last)) == days
    assert (str(window.first_before), str(window.last_before)) == before


def test_a_currency_is_chosen_by_its_link_and_an_unknown_one_is_ignored() -> None:
    a_random_company(2)

    assert [(trends(RATED_AT, chosen) or {})["currency"] for chosen in ("", "EUR", "XXX", "\0")] == [
        *("USD", "EUR", "USD", "USD")
    ]
    assert (trends(RATED_AT, "") or {})["currencies"] == ["USD", "EUR", "JPY"]


def test_bars_of_a_ranking_add_up_to_the_month() -> None:
    a_random_company(2)
    asked = Question(show=("amount",), group=(), days=Days("", NOVEMBER.first, NOVEMBER.last))
    whole = answer_of(asked, at=RATED_AT).by_currency["USD"].total.sums["amount"]

    for ranked in of_month(NOVEMBER, "USD", most=1).values():
        assert rounded(sum((amount for _, amount in ranked.largest), ranked.rest), "USD") == rounded(whole, "USD")


def test_the_flags_of_drafts_are_loaded_after_the_page(finance: Client) -> None:
    a_draft(2)
    with time_machine.travel(NOVEMBER_3, tick=False):
        page = finance.get(reverse("admin:index"), {"month": "2026-10"}).content.decode()
        flags = finance.get(reverse("admin:reports_flags"), {"month": "2026-10"}).content.decode()

    assert f"{reverse('admin:reports_flags')}?month=2026-10" in page
    assert "No draft needs a look." in flags  # the first invoice of a customer is flagged, but needs none
    assert finance.get(reverse("admin:reports_flags"), {"month": "13"}).content == b""


def test_the_front_page_asks_as_often_for_many_customers_as_for_one(client: Client) -> None:
    client.force_login(superuser())

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured, time_machine.travel(RATED_AT, tick=False):
            assert client.get(reverse("admin:index")).status_code == 200
        return len(captured)

    a_price()
    a_random_company(1, leads=30)
    asked()
    few = asked()
    for code in range(3):
        SourceFactory.create(code=f"more{code}")
    received(an_open_period(), 1, 1)

    assert asked() == few


def test_the_month_to_close_is_the_oldest_that_is_over_and_not_closed() -> None:
    assert month_to_close(NOVEMBER) is None
    for label, state in (("2026-08", "closed"), ("2026-09", "locked"), ("2026-10", "open"), ("2026-11", "open")):
        BillingCycle.objects.create(label=label, state=state)
    assert month_to_close(NOVEMBER) == Month(2026, 9)
