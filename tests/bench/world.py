"""Data for rating: 200 customers of different sizes, 2,000 rules of mixed models, and actions loaded with COPY.

Everything is drawn from one seed, so that two runs rate the same. One month, as at a month's close; the actions of all
customers come in mixed, in the order of their time but for half an hour.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import islice
from random import Random
from typing import Any

from django.contrib.auth.models import User
from django.db import connection

from billing_engine.core.calendar.spans import Month
from leads.domain.catalog.facts import first_facts
from leads.models import ActionType, BillingPeriod, Channel, Customer, Delivery, Product, Source
from pricing.models import Waiver
from tests.bench.rulebook import KINDS, write_rules
from tests.factories.leads import agree

CUSTOMERS = 200
MONTH = Month(2026, 10)
START = datetime(2026, 10, 2, tzinfo=UTC)
STRETCH = timedelta(days=28)
CATEGORIES = ("tiles", "wood", "stone")
ACTIONS_A_LEAD = 4
LINES_AT_A_TIME = 50_000
WITH_A_VALUE = {"quote_request", "purchase"}

LEADS = (
    "COPY leads_lead (id, source_id, external_id, product_id, delivery_id, name, email, person_key, phone, firm, country,"
    " region, campaign, is_test, attributes, occurred_at, received_at) FROM STDIN"
)
ACTIONS = (
    "COPY leads_action (id, lead_id, external_id, action_type_id, period_id, delivery_id, occurred_at, quantity, value,"
    " attributes, voided_at, void_reason) FROM STDIN"
)


@dataclass
class World:
    """The customers and their rules; `load` adds their actions."""

    random: Random
    sources: list[Source]
    kinds: list[ActionType]
    delivery: Delivery
    leads: int = 0
    actions: int = 0

    def load(self, periods: list[BillingPeriod], actions: int) -> None:
        """Leads and actions of these periods' customers, the first with the most and the last with the fewest."""
        products = dict[int, list[int]]()
        for product, customer in Product.objects.order_by("pk").values_list("pk", "customer"):
            products.setdefault(customer, []).append(product)
        weights = [1 / (place + 1) ** 0.5 for place in range(len(periods))]
        whose = self.random.choices(periods, weights, k=max(1, actions // ACTIONS_A_LEAD))
        copy(LEADS, (self._lead(self.leads + n, products[period.customer_id]) for n, period in enumerate(whose, 1)))
        copy(ACTIONS, self._actions(whose, actions))
        self.leads += len(whose)
        self.actions += actions

    def _lead(self, number: int, products: list[int]) -> tuple[object, ...]:
        draw = self.random
        person = draw.randrange(1, number * 4 // 5 + 2)  # every fifth is a person with an earlier lead
        email = f"person{person}@{'studio' if person % 50 else 'student'}{person % 300}.example"
        at = START.isoformat()
        return (
            *(number, draw.choice(self.sources).pk, f"L-{number:08d}", draw.choice(products), self.delivery.pk),
            *(f"Person {person}", email, email, f"+1 555 {person:07d}", f"Studio {person % 300}", "US", "OR", "autumn"),
            *("t" if draw.random() < 0.01 else "f", "{}", at, at),
        )

    def _actions(self, whose: list[BillingPeriod], actions: int) -> Iterator[tuple[object, ...]]:
        draw, leads = self.random, len(whose)
        kinds = draw.choices(self.kinds, [KINDS[kind.code] for kind in self.kinds], k=actions)
        for n, kind in enumerate(kinds):
            lead = max(0, n * leads // actions - int(draw.random() * 1_000))
            at = START + STRETCH * (n / actions) + timedelta(seconds=draw.random() * 1_800)
            number = self.actions + n + 1
            yield (
                *(number, self.leads + lead + 1, f"A-{number:08d}", kind.pk, whose[lead].pk, self.delivery.pk, at),
                1 if draw.random() < 0.7 else draw.choice((2, 3, 5, 12, 0.5)),
                f"{draw.random() * 900:.2f}" if kind.code in WITH_A_VALUE else r"\N",
                *("{}", at if draw.random() < 0.02 else r"\N", ""),
            )


def build(seed: int = 20_261_001) -> tuple[World, list[BillingPeriod]]:
    """Customers, products, sources, types and rules; one period each, and no actions yet."""
    customers = Customer.objects.bulk_create(
        Customer(code=f"C{number:03d}", name=f"Customer {number}", billed_from=MONTH.first)
        for number in range(CUSTOMERS)
    )
    for number, customer in enumerate(customers):
        agree(customer, **_terms(number))
    channels = [*Channel.values, Channel.WEBSITE]
    sources = Source.objects.bulk_create(Source(code=f"source{n}", name=f"Source {n}") for n, _ in enumerate(channels))
    kinds = ActionType.objects.bulk_create(ActionType(code=code, name=code) for code in KINDS)
    give_facts(sources, lambda n, _: {"channel": channels[n]})
    give_facts(kinds, lambda _, kind: {"is_billable": kind.code != "site_visit"})
    delivery = Delivery.objects.create(source=sources[0], received_at=START, body=b"", body_size=0)
    world = World(Random(seed), sources, kinds, delivery)
    return world, settle(customers, sources, kinds)


def give_facts(subjects: Sequence[Any], facts: Callable[[int, Any], dict[str, Any]]) -> None:
    """Write each subject's facts from the beginning, given its place among them."""
    first = [first_facts(each, at=START, by=None, facts=facts(n, each)) for n, each in enumerate(subjects)]
    type(first[0]).objects.bulk_create(first)


def settle(
    customers: list[Customer], sources: list[Source], kinds: list[ActionType], *, first_place: int = 0
) -> list[BillingPeriod]:
    """Products, rules and the month's period of each customer; its position decides what is special about its rules."""
    products = Product.objects.bulk_create(
        Product(customer=customer, sku=f"SKU-{n}", name=f"Product {n}") for customer in customers for n in range(5)
    )
    give_facts(products, lambda n, _: {"category": CATEGORIES[n % 5 % 3]})
    write_rules(customers, products, sources, {kind.code: kind for kind in kinds}, first_place=first_place)
    span = MONTH.span(customers[0].zone)
    return BillingPeriod.objects.bulk_create(
        BillingPeriod(customer=customer, label=str(MONTH), start_at=span.start, end_at=span.end)
        for customer in customers
    )


def waive_some(actions: int) -> None:
    """One action in two thousand is waived by a person."""
    person = User.objects.create(username="olga")
    Waiver.objects.bulk_create(
        Waiver(action_id=number, note="Goodwill", waived_at=START, waived_by=person)
        for number in range(1_000, actions + 1, 2_000)
    )


def copy(statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Rows into a table, in pieces that fit into memory."""
    rows = iter(rows)
    with connection.cursor() as cursor:
        while piece := "".join(["\t".join(map(str, row)) + "\n" for row in islice(rows, LINES_AT_A_TIME)]):
            cursor.copy_expert(statement, StringIO(piece))


def _terms(number: int) -> dict[str, object]:
    return {
        "monthly_budget": 2_000 if number % 20 == 5 else None,
        "hard_budget": number % 20 == 5,
        "excluded_domains": ["student50.example", "student100.example"] if number % 20 == 7 else [],
        "contract_from": datetime(2026, 10, 5, tzinfo=UTC).date() if number % 20 == 9 else None,
    }
