"""A small company: monthly, weekly and two-week customers in several zones, prices of each kind, and five people."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User

from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wall_clock import read
from billing_engine.operations.schedule import ensure_schedule
from leads.domain.credentials.api_keys import create_key
from leads.models import ActionType, Channel, Customer
from pricing.domain.rule_book.rules import activate
from pricing.models import PriceRule
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory
from tests.factories.people import with_role

MONTHS = 3  # past periods to bill
FROM = read("2020-01-01")

# Code, zone, cycle, currency, and what else is special.
CUSTOMERS: tuple[tuple[str, str, str, str, dict[str, object]], ...] = (
    ("AUCKLAND", "Pacific/Auckland", "weekly", "USD", {}),
    ("ANGELES", "America/Los_Angeles", "weekly", "USD", {"monthly_minimum": Decimal(310)}),
    ("KOLKATA", "Asia/Kolkata", "fortnightly", "USD", {}),
    ("YORK", "America/New_York", "monthly", "USD", {"payment_terms_days": 14}),
    ("BERLIN", "Europe/Berlin", "monthly", "EUR", {"locale": "de_DE"}),
    ("SYDNEY", "Australia/Sydney", "monthly", "USD", {"monthly_minimum": Decimal("100.50")}),
    ("LISBON", "Europe/Lisbon", "monthly", "EUR", {}),
    ("HONOLULU", "Pacific/Honolulu", "monthly", "USD", {}),
)
CURRENCIES = ("EUR", "USD")
KINDS = ("page_view", "sample_order", "spec_download", "quote_request")
SKUS = ("A-1", "B-2", "C-3")

# The same prices for all customers; `recount` repeats these figures, written by hand.
VIEWS = ((100, "0.05"), (500, "0.03"), (None, "0.0125"))
DOWNLOAD, QUOTE = Decimal("0.75"), Decimal("18.00")
SAMPLE, SAMPLES_A_LEAD, SAMPLES_A_PERIOD = Decimal("2.50"), Decimal(12), Decimal(600)


@dataclass(frozen=True)
class World:
    """The customers, sources and users, and the billed time span."""

    keys: dict[str, str]  # per source
    months: tuple[str, ...]
    begin: datetime
    end: datetime
    starter: User  # starts runs, approves and issues
    second: User  # voids and adjusts
    third: User  # opens periods again
    writer: User  # of prices
    activator: User


def build(*, at: datetime) -> World:
    """Create everything except leads; customers are billed from the first of the past months on."""
    ensure_schedule()
    month = Month.of_day(at.astimezone(UTC).date())
    months = [month := month.previous() for _ in range(MONTHS)][::-1]
    for kind in KINDS:
        ActionTypeFactory.create(code=kind, unit="action")
    customers = [_customer(*facts, billed_from=months[0].first) for facts in CUSTOMERS]
    people = [with_role("Finance") for _ in range(3)] + [with_role("Operations") for _ in range(2)]
    _prices(customers, by=people[3], at=at)
    sources = [
        SourceFactory.create(code=code, name=code.capitalize(), channel=channel)
        for code, channel in (("web", Channel.WEBSITE), ("fair", Channel.TRADE_SHOW), ("post", Channel.NEWSLETTER))
    ]
    return World(
        {source.code: create_key(source)[1] for source in sources},
        tuple(str(each) for each in months),
        datetime.combine(months[0].first, datetime.min.time(), UTC) + timedelta(days=1),  # in any time zone
        at - timedelta(minutes=1),
        *people,
    )


def _customer(code: str, zone: str, cycle: str, currency: str, special: dict[str, object], **facts: object) -> Customer:
    customer: Customer = CustomerFactory.create(
        code=code,
        name=code.capitalize(),
        time_zone=zone,
        cycle=cycle,
        currency=currency,
        billing_contacts=[f"payables@{code.lower()}.example"],
        tax_rate=Decimal("8.875"),
        **special,
        **facts,
    )
    for sku in SKUS:
        ProductFactory.create(customer=customer, sku=sku)
    return customer


def _prices(customers: list[Customer], *, by: User, at: datetime) -> None:
    kinds = {kind.code: kind for kind in ActionType.objects.all()}
    for currency in CURRENCIES:
        every = {"currency": currency, "wall_from": FROM, "created_by": by}
        views = PriceRule.objects.create(
            name="Page views", action_type=kinds["page_view"], price_model="graduated", **every
        )
        for up_to, price in VIEWS:
            views.tiers.create(up_to=up_to, unit_price=Decimal(price))
        PriceRule.objects.create(name="Downloads", action_type=kinds["spec_download"], unit_price=DOWNLOAD, **every)
        PriceRule.objects.create(
            name="Samples",
            action_type=kinds["sample_order"],
            unit_price=SAMPLE,
            once_per=PriceRule.Once.PERSON,
            once_days=10,
            cap_per_lead=SAMPLES_A_LEAD,
            cap_per_period=SAMPLES_A_PERIOD,
            **every,
        )
    for customer in customers:
        PriceRule.objects.create(
            name=f"Quotes of {customer}",
            customer=customer,
            action_type=kinds["quote_request"],
            unit_price=QUOTE,
            currency=customer.currency,
            wall_from=FROM,
            created_by=by,
        )
    for rule in PriceRule.objects.all():
        activate(rule, by=by, at=at, reason="Opening prices")
