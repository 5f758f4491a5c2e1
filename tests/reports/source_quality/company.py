"""A random company: customers in several zones and currencies, sources that change channel, and what they delivered."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from billing_engine.core.calendar.spans import Month
from leads.models import BillingPeriod, Customer, Lead, Product, Source
from leads.models.delivery import OUTCOMES
from pricing.domain.rate.rate import rate
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    CustomerFactory,
    DeliveryFactory,
    LeadFactory,
    ProductFactory,
    QuarantinedItemFactory,
    SourceFactory,
    from_day,
)
from tests.factories.pricing import PriceRuleFactory

ZONES = (("USD", "America/New_York"), ("USD", "Pacific/Auckland"), ("EUR", "Europe/Berlin"), ("JPY", "Asia/Tokyo"))
CHANNELS = ("website", "webinar", "trade_show")
CODES = ("unknown_product", "unknown_action_type", "conflict")
MONTHS = (Month(2026, 9), Month(2026, 10), Month(2026, 11))
SEEN_AT = datetime(2026, 12, 2, tzinfo=UTC)


def a_company(seed: int) -> None:
    """Store it: about 40 leads with 100 actions from September to November, rated."""
    random = Random(seed)
    products = [_product(*each) for each in random.sample(ZONES, 3)]
    sources = [_source(random) for _ in range(3)]
    types = [ActionTypeFactory.create(code=code) for code in ("sample_order", "page_view", "quote_request")]
    from_day(types[2], date(2026, 10, 20), is_billable=False)
    for currency in {product.customer.currency for product in products}:
        PriceRuleFactory.create(currency=currency, action_type=types[0], unit_price=Decimal("1.003333"))
        PriceRuleFactory.create(currency=currency, action_type=types[2], unit_price=Decimal(2), free_units=Decimal(3))
    for _ in range(40):
        _lead(random, random.choice(sources), random.choice(products), types)
    for _ in range(30):
        _delivery(random, random.choice(sources))
    for period in BillingPeriod.objects.order_by("pk"):
        rate(period, at=SEEN_AT)


def _product(currency: str, zone: str) -> Product:
    return ProductFactory.create(customer=CustomerFactory.create(currency=currency, time_zone=zone))


def _source(random: Random) -> Source:
    source = SourceFactory.create(channel=random.choice(CHANNELS))
    if random.random() < 0.7:
        day = date(2026, random.choice((9, 10)), random.randint(1, 30))
        from_day(source, day, channel=random.choice(CHANNELS))
    return source


def _instant(random: Random) -> datetime:
    """Any time from September to November; often around the midnights of the zones, and of clocks that change."""
    first = datetime(2026, 9, 2, tzinfo=UTC)
    if random.random() < 0.4:
        day = random.choice((date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 25), date(2026, 11, 1)))
        at = datetime.combine(day, time(0), ZoneInfo(random.choice(ZONES)[1]))
        return at.astimezone(UTC) + timedelta(seconds=random.choice((-1, 0, 1)))
    return first + timedelta(seconds=random.randint(0, 88 * 86_400))


def _lead(random: Random, source: Source, product: Product, types: list[Any]) -> Lead:
    at = _instant(random)
    customer = product.customer
    delivery = DeliveryFactory.create(source=source, received_at=at)
    lead: Lead = LeadFactory.create(
        source=source, product=product, delivery=delivery, received_at=at, is_test=random.random() < 0.1
    )
    for _ in range(random.randint(0, 5)):
        occurred = min(at, _instant(random))
        ActionFactory.create(
            lead=lead,
            delivery=delivery,
            action_type=random.choice(types),
            occurred_at=occurred,
            quantity=Decimal(random.randint(1, 9)) / random.choice((1, 2, 4)),
            period=_period(customer, occurred),
        )
    return lead


def _period(customer: Customer, at: datetime) -> BillingPeriod:
    month = Month.containing(at, customer.zone)
    period: BillingPeriod = BillingPeriodFactory.create(customer=customer, month=month)
    return period


def _delivery(random: Random, source: Source) -> None:
    """A delivery with counters only, and items in quarantine."""
    counts = {f"{kind}_{name}": random.randint(0, 4) for kind in ("leads", "actions") for name in OUTCOMES}
    received = {f"{kind}_received": sum(counts[f"{kind}_{name}"] for name in OUTCOMES) for kind in ("leads", "actions")}
    delivery = DeliveryFactory.create(source=source, received_at=_instant(random), **counts, **received)
    for _ in range(random.randint(0, 3)):
        settled: dict[str, Any] = (
            {"state": "discarded", "settled_at": SEEN_AT, "settled_note": "spam"} if random.random() < 0.5 else {}
        )
        QuarantinedItemFactory.create(
            delivery=delivery, code=random.choice(CODES), received_at=delivery.received_at, **settled
        )
