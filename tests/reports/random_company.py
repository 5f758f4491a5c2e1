"""Customers in several zones and currencies with random activity, rated: what reports are checked against."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from billing_engine.core.calendar.spans import Month
from leads.models import Action, ActionType, BillingPeriod, Channel, Customer, Lead, Product, Source
from pricing.domain.rate.rate import rate_together
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    CustomerFactory,
    LeadFactory,
    ProductFactory,
    SourceFactory,
    from_day,
)
from tests.factories.pricing import PriceRuleFactory, graduated

ZONES = (
    ("America/New_York", "USD"),
    ("Pacific/Auckland", "USD"),
    ("Asia/Tokyo", "JPY"),
    ("Europe/Berlin", "EUR"),
)
MONTHS = (Month(2026, 9), Month(2026, 10), Month(2026, 11))
RATED_AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
# Clocks change in Berlin on October 25, in New York on November 1, in Auckland on September 27.
FIRST, HOURS = datetime(2026, 9, 1, tzinfo=UTC), 80 * 24


def a_random_company(seed: int, *, leads: int = 60) -> list[Customer]:
    """Four customers with three rated months; facts change in the middle of October."""
    random = Random(seed)
    customers = [
        CustomerFactory.create(code=f"C{place}", time_zone=zone, currency=currency)
        for place, (zone, currency) in enumerate(ZONES)
    ]
    sources = [SourceFactory.create(code=f"s{n}", channel=list(Channel)[n]) for n in range(3)]
    kinds = [ActionTypeFactory.create(code=f"k{n}", is_billable=n < 3) for n in range(4)]
    products = {
        one: [ProductFactory.create(customer=one, category=f"cat{n % 2}") for n in range(3)] for one in customers
    }
    from_day(sources[0], date(2026, 10, 14), channel=Channel.WEBINAR)
    from_day(products[customers[0]][0], date(2026, 10, 11), category="moved")
    _prices(kinds)
    periods = {
        (one, month): BillingPeriodFactory.create(customer=one, month=month) for one in customers for month in MONTHS
    }
    for _ in range(leads):
        _a_lead(random, random.choice(customers), products, sources, kinds, periods)
    rate_together(list(periods.values()), at=RATED_AT)
    return customers


def _prices(kinds: list[ActionType]) -> None:
    for currency in ("USD", "EUR"):
        PriceRuleFactory.create(
            name=f"All {currency}", currency=currency, unit_price=Decimal("1.003333"), action_type=kinds[0]
        )
        PriceRuleFactory.create(
            currency=currency, unit_price=Decimal("0.1"), free_units=Decimal(20), action_type=kinds[1]
        )
    graduated((5, "3.333333", "0"), (None, "0.777777", "0"), action_type=kinds[2])
    PriceRuleFactory.create(currency="JPY", unit_price=Decimal(120), action_type=kinds[0])


def _a_lead(
    random: Random,
    customer: Customer,
    products: dict[Customer, list[Product]],
    sources: list[Source],
    kinds: list[ActionType],
    periods: dict[tuple[Customer, Month], BillingPeriod],
) -> Lead:
    at = FIRST + timedelta(minutes=random.randrange(HOURS * 60))
    lead: Lead = LeadFactory.create(
        product=random.choice(products[customer]),
        source=random.choice(sources),
        is_test=random.random() < 0.1,
        received_at=at,
    )
    for _ in range(random.randrange(1, 5)):
        occurred_at = min(at + timedelta(minutes=random.randrange(3000)), FIRST + timedelta(hours=HOURS))
        month = Month.containing(occurred_at, customer.zone)
        if random.random() < 0.1 and month != MONTHS[-1]:
            month = month.next()  # late activity
        action: Action = ActionFactory.create(
            lead=lead,
            action_type=random.choice(kinds),
            period=periods[customer, month],
            quantity=Decimal(random.randrange(1, 4000)) / 1000,
            occurred_at=occurred_at,
        )
        if random.random() < 0.1:
            Action.objects.filter(pk=action.pk).update(voided_at=RATED_AT, void_reason="Twice")
    return lead
