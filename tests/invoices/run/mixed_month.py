"""A month of many customers, drawn from a seed: every price model, caps, budgets, minimums, taxes, late and voided actions."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from billing_engine.core.calendar.spans import Month
from leads.domain.periods import mark_unrated
from leads.models import Action, ActionType, BillingPeriod, Customer, Lead, Product, Source, Tax
from pricing.models import PriceRule, PriceTier
from tests.factories.leads import (
    ActionTypeFactory,
    BillingPeriodFactory,
    CustomerFactory,
    DeliveryFactory,
    ProductFactory,
    SourceFactory,
)

LONG_AGO, MIDDLE = datetime(2020, 1, 1), datetime(2026, 10, 15)  # noqa: DTZ001 -- on a wall clock
START = datetime(2026, 10, 2, tzinfo=UTC)
KINDS = ("sample_order", "page_view", "quote_request", "purchase", "call")
CURRENCIES = ("USD", "JPY", "KWD")
ZONES = ("UTC", "America/New_York", "Asia/Tokyo")


def mixed_month(seed: int, *, customers: int, actions: int) -> list[BillingPeriod]:
    """October of so many customers, with so many actions each, not rated yet."""
    draw = Random(seed)
    kinds = [ActionTypeFactory.create(code=code) for code in KINDS]
    ActionTypeFactory.create(code="site_visit", is_billable=False)
    sources = [SourceFactory.create(code=f"s{n}", name=name) for n, name in enumerate(("Web", "Fair", "Partner"))]
    periods = [_period(draw, place) for place in range(customers)]
    owners = [period.customer for period in periods]
    _activate(list(_rules(draw, owners, kinds, sources)))
    for period in periods:
        _receive(draw, period, sources, actions)
    mark_unrated(periods, reason="intake")
    return periods


def _period(draw: Random, place: int) -> BillingPeriod:
    taxes = [Tax("VAT", Decimal("7.7")), Tax("Wood", Decimal(3), "wood"), Tax("Wood", Decimal(3), "stone")]
    customer = CustomerFactory.create(
        code=f"C{place}",
        currency=CURRENCIES[place % 3],
        time_zone=ZONES[place // 3 % 3],
        taxes=[tax.as_stored() for tax in draw.sample(taxes, draw.randrange(4))],
        tax_exempt_reason="Reverse charge" if place % 7 == 6 else "",
        monthly_minimum=None if place % 8 == 3 else draw.choice((None, 5, 50_000)),
        monthly_budget=100 if place % 8 == 3 else None,
        hard_budget=place % 8 == 3,
        contract_from=date(2026, 10, 5) if place % 9 == 4 else None,
        detail_annex=place % 2 == 0,
        locale=draw.choice(("en_US", "de_DE")),
    )
    for number, category in enumerate(("tiles", "wood", "stone")):
        ProductFactory.create(customer=customer, sku=f"SKU{number}", name=f"Product {number}", category=category)
    if place % 4 == 1:
        BillingPeriodFactory.create(customer=customer, label="2026-09", month=Month(2026, 9))
    period: BillingPeriod = BillingPeriodFactory.create(customer=customer)
    return period


def _models(draw: Random) -> Iterator[dict[str, Any]]:
    """Every price model, with other numbers each time."""
    free = draw.choice((0, 0, Decimal("3.5"), 40))
    yield {"unit_price": draw.choice(("2.5", "0.333333"))}
    yield {"unit_price": "0.125", "free_units": free or 7}
    yield {"price_model": "graduated", "free_units": free, "tiers": _tiers(draw, "unit_price")}
    yield {"price_model": "volume", "free_units": free, "tiers": _tiers(draw, "unit_price")}
    yield {
        "price_model": "package",
        "package_size": draw.choice((Decimal("2.5"), 10)),
        "package_price": draw.choice((5, 0)),
        "free_units": free,
    }
    yield {"price_model": "percentage", "percent": "1.3", "fixed_fee": draw.choice(("0.1", 0)), "free_value": free * 20}
    yield {
        "price_model": "percentage",
        "percent": "1.777",
        "fixed_fee": "0.1",
        "minimum": draw.choice((None, "0.9")),
        "maximum": draw.choice((None, "4")),
        "free_actions": draw.choice((0, 4)),
        "free_value": free,
    }
    yield {"price_model": "graduated_percentage", "tiers": _tiers(draw, "percent")}


def _tiers(draw: Random, rate: str) -> list[dict[str, Any]]:
    ends = [*sorted(draw.sample((5, Decimal("7.5"), 20, 33, 100, 900), draw.randrange(4))), None]
    return [
        {"up_to": end, rate: Decimal(draw.randrange(400)) / 100, "flat_fee": draw.choice((0, 0, 3))} for end in ends
    ]


def _rules(
    draw: Random, owners: Sequence[Customer], kinds: Sequence[ActionType], sources: Sequence[Source]
) -> Iterator[dict[str, Any]]:
    for currency in CURRENCIES:
        yield {"name": "Anything", "currency": currency, "priority": -1, "unit_price": 1}
    for customer in owners:
        for model in draw.sample(list(_models(draw)), 6):
            limits = draw.choice(
                ({}, {}, {"cap_per_lead": 4}, {"cap_per_period": 30}, {"once_per": "lead", "once_days": 3})
            )
            scope = draw.choice(
                (
                    {},
                    {"source": draw.choice(sources)},
                    {"category": draw.choice(("tiles", "wood"))},
                    {"product": draw.choice(list(customer.products.order_by("pk")))},
                )
            )
            common = {"customer": customer, "currency": customer.currency, "action_type": draw.choice(kinds)}
            rule = common | scope | limits | {"priority": draw.randrange(1_000), "name": f"Rule of {customer.code}"}
            if draw.random() < 0.3:  # revised in the middle of the month, perhaps to another model
                yield rule | model | {"wall_to": MIDDLE}
                yield rule | draw.choice(list(_models(draw))) | {"wall_from": MIDDLE, "revises": True}
            else:
                yield rule | model


def _activate(terms: list[dict[str, Any]]) -> None:
    last: PriceRule | None = None
    for each in terms:
        tiers, revises = each.pop("tiers", ()), each.pop("revises", False)
        usual = {"unit_price": None if "price_model" in each else 1, "wall_from": LONG_AGO}
        first = last if revises and last is not None else None
        last = PriceRule.objects.create(**(usual | each), first_revision=first, revises=first)
        PriceTier.objects.bulk_create(PriceTier(rule=last, **tier) for tier in tiers)
    PriceRule.objects.filter(state="draft").update(state="active", activated_at=datetime(2020, 1, 1, tzinfo=UTC))


def _receive(draw: Random, period: BillingPeriod, sources: Sequence[Source], count: int) -> None:
    products: list[Product] = list(period.customer.products.order_by("pk"))
    delivery = DeliveryFactory.create(source=sources[0])
    code = period.customer.code
    leads = Lead.objects.bulk_create(
        Lead(
            source=draw.choice(sources),
            product=draw.choice(products),
            delivery=delivery,
            external_id=f"{code}-{number}" + ("-Ж" if number == 3 and code in {"C0", "C1", "C2"} else ""),
            email="ann@studio.example",
            person_key=f"person{number % 5}@{code}",
            received_at=START,
            is_test=number == 7,
        )
        for number in range(max(1, count // 4))
    )
    kinds = list(ActionType.objects.order_by("pk"))
    Action.objects.bulk_create(
        Action(
            lead=draw.choice(leads),
            external_id=f"{code}-A{number}" + ("-漢" if number == 5 and code == "C4" else ""),
            action_type=draw.choice(kinds),
            period=period,
            delivery=delivery,
            # Some are late: from September, for which some customers have a period.
            occurred_at=START + timedelta(hours=draw.randrange(28 * 24)) - timedelta(days=30 * (draw.random() < 0.05)),
            quantity=draw.choice((1, 1, 1, 2, Decimal("0.5"), 3, 12, 0)),
            value=draw.choice((None, 0, Decimal("10.55"), 100, 700)),
            voided_at=START if draw.random() < 0.03 else None,
        )
        for number in range(count if code != "C5" else 0)
    )
