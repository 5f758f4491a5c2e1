"""The figures of source quality are those of the deliveries, leads, actions and charges themselves."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from billing_engine.core.calendar.spans import Month
from leads.models import Action, Delivery, Lead, Source
from pricing.domain.rate.rate import rate
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.groups import CHANNEL, SOURCE, pieces_of
from reports.queries.source_quality.latency import Latency
from reports.queries.source_quality.quality import Figures, Quality, quality_of, ranks
from reports.queries.source_quality.received import Received, received_by_day
from reports.queries.source_quality.worth import Worth, by_currency, worth_by_customer, worth_by_group
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    CustomerFactory,
    DeliveryFactory,
    LeadFactory,
    ProductFactory,
    SourceFactory,
    from_day,
)
from tests.factories.pricing import PriceRuleFactory
from tests.reports.source_quality.company import a_company

pytestmark = pytest.mark.django_db

OCTOBER = Days(date(2026, 10, 1), date(2026, 10, 31))
RANGES = (
    OCTOBER,
    Days(date(2026, 9, 1), date(2026, 11, 30)),
    Days(date(2026, 9, 17), date(2026, 11, 3)),
    Days(date(2026, 10, 1), date(2026, 10, 1)),
    Days(date(2026, 10, 25), date(2026, 11, 1)),
)
# Each charge with its own day and its source's channel of that day, without the roll-up.
CHARGES = """
    SELECT source.code, customer.currency, (SELECT channel FROM leads_sourcerevision facts
             WHERE facts.source_id = source.id AND in_force_at IS NOT NULL
               AND first_day <= (action.occurred_at AT TIME ZONE customer.time_zone)::date
             ORDER BY first_day DESC, in_force_at DESC, facts.id DESC LIMIT 1) AS channel,
           CASE WHEN charge.action_id IS NULL THEN 'unrated' WHEN charge.reason <> '' THEN charge.reason
                WHEN charge.amount > 0 THEN 'charged' ELSE 'included' END AS outcome,
           COALESCE(charge.amount, 0)
      FROM leads_action action
      JOIN leads_lead lead ON lead.id = action.lead_id
      JOIN leads_source source ON source.id = lead.source_id
      JOIN leads_product product ON product.id = lead.product_id
      JOIN leads_customer customer ON customer.id = product.customer_id
      LEFT JOIN pricing_charge charge ON charge.action_id = action.id
     WHERE (action.occurred_at AT TIME ZONE customer.time_zone)::date BETWEEN %s AND %s
"""


def channel_on(source: Source, day: date) -> str:
    return source.facts_on(day).channel


def by_hand(days: Days, by: str) -> dict[str, dict[str, Worth]]:
    """What leads were worth, from charges and leads one by one."""
    found: dict[str, dict[str, Worth]] = defaultdict(dict)

    def place(key: str, currency: str) -> Worth:
        return found[key].setdefault(currency, Worth(currency))

    with connection.cursor() as cursor:
        cursor.execute(CHARGES, [days.first, days.last])
        for code, currency, channel, outcome, amount in cursor.fetchall():
            worth = place(code if by == SOURCE else channel, currency)
            worth.by_outcome[outcome] = worth.by_outcome.get(outcome, 0) + 1
            worth.amount += amount
    for lead in Lead.objects.filter(is_test=False).select_related("source", "product__customer"):
        customer = lead.product.customer
        day = lead.received_at.astimezone(ZoneInfo(customer.time_zone)).date()
        if day in days:
            key = lead.source.code if by == SOURCE else channel_on(lead.source, day)
            place(key, customer.currency).leads += 1
    return found


def received_by_hand(days: Days, by: str) -> dict[str, Received]:
    found = dict[str, Received]()
    for delivery in Delivery.objects.select_related("source"):
        day = delivery.received_at.astimezone(UTC).date()
        if day in days:
            key = delivery.source.code if by == SOURCE else channel_on(delivery.source, day)
            one = Received(
                1,
                *(
                    getattr(delivery, f"leads_{name}") + getattr(delivery, f"actions_{name}")
                    for name in ("created", "updated", "duplicate", "conflict", "quarantined", "test")
                ),
            )
            found[key] = found.get(key, Received()) + one
    return found


@pytest.mark.parametrize("by", [SOURCE, CHANNEL])
@pytest.mark.parametrize("seed", range(3))
def test_every_figure_is_that_of_the_charges_leads_and_deliveries_themselves(seed: int, by: str) -> None:
    a_company(seed)

    for days in RANGES:
        found = quality_of(days, by=by)
        worth, before = by_hand(days, by), by_hand(days.before, by)
        received, received_before = received_by_hand(days, by), received_by_hand(days.before, by)
        assert {each.key: each.worth for each in found if each.worth} == worth
        assert {each.key: each.worth_before for each in found if each.worth_before} == before
        assert {each.key: each.received for each in found if each.received.deliveries} == received
        assert {each.key: each.before for each in found if each.before.deliveries} == received_before


@pytest.mark.parametrize("seed", range(3))
def test_sums_over_customers_sources_and_channels_are_equal(seed: int) -> None:
    a_company(seed)

    for days in RANGES:
        totals = []
        for by in (SOURCE, CHANNEL):
            pieces = pieces_of(days, by=by, sources=Source.objects.all())
            groups = worth_by_group(pieces, days)
            totals.append(by_currency(worth_by_customer(pieces, days).values()))
            totals.append(by_currency(worth for worths in groups.values() for worth in worths.values()))
        assert all(total == totals[0] for total in totals)


def test_refused_items_are_told_by_code_with_the_latest_as_an_example() -> None:
    a_company(1)
    found = quality_of(OCTOBER)

    for each in found:
        assert each.source is not None
        items = each.source.quarantined_items.filter(
            received_at__gte=OCTOBER.in_utc[0], received_at__lt=OCTOBER.in_utc[1]
        )
        expected = {
            code: (
                items.filter(code=code).count(),
                items.filter(code=code, state="waiting").count(),
                max(items.filter(code=code).values_list("pk", flat=True)),
            )
            for code in items.values_list("code", flat=True)
        }
        assert {one.code: (one.items, one.waiting, one.latest) for one in each.refusals} == expected
    assert any(each.refusals for each in found)


def of_source(source: Source, days: Days = OCTOBER) -> Quality:
    return next(each for each in quality_of(days) if each.key == source.code)


def test_the_days_of_a_chart_add_up_to_the_range() -> None:
    a_company(2)

    for source in Source.objects.all():
        by_day = received_by_day(source.pk, OCTOBER)
        assert sum(by_day.values(), Received()) == of_source(source).received
        assert all(day in OCTOBER for day in by_day)


def delivered(source: Source, *took: timedelta, at: datetime, counted: int = 0) -> Delivery:
    """A delivery of one lead with an action for each time that it took to be received."""
    count = counted or len(took)
    delivery = DeliveryFactory.create(source=source, received_at=at, actions_received=count, actions_created=count)
    lead = LeadFactory.create(source=source, delivery=delivery, received_at=at)
    for each in took:
        ActionFactory.create(lead=lead, delivery=delivery, occurred_at=at - each)
    return delivery


def test_latency_is_the_median_and_the_95th_percentile_of_the_newest_deliveries() -> None:
    source, at = SourceFactory.create(), datetime(2026, 10, 20, tzinfo=UTC)
    delivered(source, *(timedelta(minutes=minute) for minute in range(1, 21)), at=at)
    delivered(source, *[timedelta(days=100)] * 50, at=datetime(2026, 9, 30, 23, 59, tzinfo=UTC))  # not in October

    assert of_source(source).latency == Latency(20, Decimal(600), Decimal(19 * 60))


def test_an_action_dated_after_its_receipt_took_no_time() -> None:
    source = SourceFactory.create()
    delivered(source, timedelta(hours=-1), at=datetime(2026, 10, 20, tzinfo=UTC))

    assert of_source(source).latency == Latency(1, Decimal(0), Decimal(0))


def test_the_sample_ends_after_twenty_deliveries_but_one_large_one_is_whole() -> None:
    busy, large = SourceFactory.create(), SourceFactory.create()
    for hour in range(30):
        delivered(busy, timedelta(hours=hour + 1), at=datetime(2026, 10, 20, tzinfo=UTC) - timedelta(hours=hour))
    delivered(large, timedelta(minutes=1), at=datetime(2026, 10, 21, tzinfo=UTC))
    delivered(large, timedelta(minutes=2), at=datetime(2026, 10, 22, tzinfo=UTC), counted=5_000)

    assert of_source(busy).latency == Latency(20, Decimal(10 * 3_600), Decimal(19 * 3_600))
    assert of_source(large).latency == Latency(1, Decimal(120), Decimal(120))


def test_time_to_first_charge_is_from_a_leads_receipt_to_its_first_action_that_costs_something() -> None:
    source, at = SourceFactory.create(), datetime(2026, 10, 20, tzinfo=UTC)
    customer = CustomerFactory.create()
    period = BillingPeriodFactory.create(customer=customer, month=Month(2026, 10))
    kinds = ActionTypeFactory.create(code="order"), ActionTypeFactory.create(code="view")
    PriceRuleFactory.create(action_type=kinds[0], unit_price=Decimal(2))
    PriceRuleFactory.create(action_type=kinds[1], unit_price=Decimal(0))
    delivery = DeliveryFactory.create(source=source, received_at=at, actions_received=7, actions_created=7)
    # A lead of some days ago, and its actions: what it is, and hours after the lead was received.
    lives = (
        (5, [("view", 1), ("order", 30), ("order", 50)]),  # the first order counts, a view that costs nothing does not
        (5, [("order", 10)]),
        (5, [("order", -4)]),  # came with its lead
        (5, [("view", 2)]),  # never charged
    )
    for days, actions in lives:
        received_at = at - timedelta(days=days)
        lead = LeadFactory.create(
            source=source, product=ProductFactory.create(customer=customer), delivery=delivery, received_at=received_at
        )
        for code, hours in actions:
            ActionFactory.create(
                lead=lead,
                delivery=delivery,
                period=period,
                action_type=kinds[code == "view"],
                occurred_at=received_at + timedelta(hours=hours),
            )
    rate(period, at=at)

    assert of_source(source).first_charge == Latency(3, Decimal(10 * 3_600), Decimal(30 * 3_600))
    assert of_source(SourceFactory.create()).first_charge is None


def test_a_lead_that_was_charged_before_its_newest_delivery_is_not_in_the_sample() -> None:
    source, at = SourceFactory.create(), datetime(2026, 10, 20, tzinfo=UTC)
    customer = CustomerFactory.create()
    period = BillingPeriodFactory.create(customer=customer, month=Month(2026, 10))
    PriceRuleFactory.create(action_type=(kind := ActionTypeFactory.create()), unit_price=Decimal(2))
    lead = LeadFactory.create(source=source, product=ProductFactory.create(customer=customer), received_at=at)
    for day in (0, 3):
        delivery = DeliveryFactory.create(
            source=source, received_at=at + timedelta(days=day), actions_received=5_000, actions_created=5_000
        )
        ActionFactory.create(
            lead=lead, delivery=delivery, period=period, action_type=kind, occurred_at=at + timedelta(days=day)
        )
    rate(period, at=at + timedelta(days=4))

    assert of_source(source).first_charge is None


def test_the_last_delivery_is_told_whether_it_is_in_the_range_or_not() -> None:
    source, silent = SourceFactory.create(), SourceFactory.create()
    later = datetime(2026, 12, 1, tzinfo=UTC)
    DeliveryFactory.create(source=source, received_at=later)

    assert (of_source(source).last_delivery, of_source(silent).last_delivery) == (later, None)
    assert of_source(source).received == Received()


def test_ranks_are_by_revenue_per_lead_and_equals_share_one() -> None:
    def worth(amount: int, leads: int) -> Worth:
        return Worth("USD", leads=leads, amount=Decimal(amount))

    found = ranks(
        [("a", worth(30, 10)), ("b", worth(9, 3)), ("c", worth(1, 1)), ("d", worth(90, 1)), ("e", worth(5, 0))]
    )

    assert found == {"d": 1, "a": 2, "b": 2, "c": 4}
    assert ranks([("a", None)]) == {}


def test_shares_of_nothing_are_not_applicable_and_shares_are_from_sums() -> None:
    nothing, worth = Received(), Worth("USD")

    assert (nothing.refused_share, nothing.duplicate_share, worth.charged_share, worth.per_lead) == (None,) * 4
    one, other = Received(1, created=9, quarantined=1), Received(1, created=0, quarantined=1)
    assert (one + other).refused_share == Decimal(2) / 11


def test_a_channel_counts_the_days_on_which_its_source_had_it() -> None:
    source = SourceFactory.create(channel="website")
    from_day(source, date(2026, 10, 11), channel="webinar")
    for day in (10, 11, 12):
        DeliveryFactory.create(source=source, received_at=datetime(2026, 10, day, tzinfo=UTC))

    found = {each.key: each.received.deliveries for each in quality_of(OCTOBER, by=CHANNEL)}
    assert found == {"website": 1, "webinar": 2}


def test_figures_that_a_person_may_not_see_are_not_read() -> None:
    a_company(0)

    unseen: list[Any] = [
        quality_of(OCTOBER, sees=Figures(received=False)),
        quality_of(OCTOBER, sees=Figures(worth=False)),
    ]
    assert {each.received for each in unseen[0]} == {Received()}
    assert [each.worth for each in unseen[1] if each.worth] == []


def test_charges_are_read_of_the_sample_only_and_bodies_never(django_assert_max_num_queries: Any) -> None:
    a_company(0)
    with django_assert_max_num_queries(15) as captured:
        quality_of(Days(date(2026, 9, 1), date(2026, 11, 30)))

    statements = [query["sql"] for query in captured]
    of_charges = [each for each in statements if "pricing_charge" in each]
    assert [each for each in of_charges if "action.delivery_id = ANY" not in each] == []
    assert [each for each in statements if "body" in each] == []
    assert Action.objects.exists()


def test_latencies_are_the_same_however_their_deliveries_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    sources, at = SourceFactory.create_batch(3), datetime(2026, 10, 20, tzinfo=UTC)
    for hour in range(12):
        delivered(sources[hour % 3], timedelta(minutes=hour + 1), at=at - timedelta(hours=hour))
    found = list[list[Latency | None]]()
    for gap in (0, 1, 10_000):
        monkeypatch.setattr("reports.queries.source_quality.latency.GAP", gap)
        found.append([each.latency for each in quality_of(OCTOBER)])

    assert found[0] == found[1] == found[2]
    assert [each.sample for each in found[0] if each] == [4, 4, 4]
