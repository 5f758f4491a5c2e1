"""The senders: 20 customers with five products each, eight sources with a key each, leads with four actions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from billing_engine.core.calendar.spans import Month
from leads.domain.credentials.api_keys import create_key
from leads.domain.periods import open_missing
from leads.models import ActionType, Channel, Customer, Product, Source
from pricing.models import PriceRule
from tests.bench.rulebook import LONG_AGO
from tests.bench.world import give_facts
from tests.factories.leads import agree_all

CUSTOMERS, PRODUCTS, SOURCES = 20, 5, 8
ACTIONS = 4
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Asia/Tokyo")
KINDS = ("sample_order", "page_view", "brochure_download", "quote_request", "purchase")
START = datetime(2026, 10, 2, tzinfo=UTC)
MONTH = Month(2026, 10)
WESTERNMOST = ZoneInfo("Etc/GMT+12")

STORED = """
    SET session_replication_role = replica; SET synchronous_commit = off;
    INSERT INTO leads_lead (source_id, external_id, product_id, delivery_id, name, email, person_key, phone, firm, country,
                            region, campaign, is_test, attributes, received_at)
    SELECT (SELECT min(id) FROM leads_source) + n % {sources}, gen_random_uuid(),
           (SELECT min(id) FROM leads_product) + n % {products}, 0, 'Person ' || n, 'person' || n || '@old.example',
           'person' || n || '@old.example', '', 'Studio ' || n % 300, 'US', 'OR', 'summer', false, '{{}}', '2026-10-02Z'
      FROM generate_series(1, {leads}) n;
    INSERT INTO leads_action (lead_id, external_id, action_type_id, period_id, delivery_id, occurred_at, quantity, value,
                              attributes, void_reason)
    SELECT lead.id, 'A-' || a, type.id, period.id, 0, timestamptz '2026-10-02Z' + lead.id * interval '1.5 s', 1, NULL, '{{}}', ''
      FROM leads_lead lead JOIN leads_product product ON product.id = product_id
      JOIN leads_billingperiod period ON period.customer_id = product.customer_id AND period.label = '2026-10'
     CROSS JOIN generate_series(1, {actions}) a JOIN leads_actiontype type ON type.code = 'page_view'
     WHERE lead.id > {after};
    RESET session_replication_role; RESET synchronous_commit;
"""


@dataclass
class Sender:
    """One source: half of them number their leads, half give them random ids."""

    key: str
    customers: list[str]
    numbered: bool


class Company:
    """All customers and sources, and leads that were never sent before."""

    def __init__(self, seed: int = 20_261_001) -> None:
        self._random = Random(seed)
        self._number = count(1)
        customers = Customer.objects.bulk_create(
            Customer(code=f"C{n:02d}", name=f"Customer {n}", time_zone=ZONES[n % 4], billed_from=MONTH.first)
            for n in range(CUSTOMERS)
        )
        agree_all(customers)
        products = Product.objects.bulk_create(
            Product(customer=one, sku=f"SKU-{n}", name=f"Product {n}") for one in customers for n in range(PRODUCTS)
        )
        kinds = ActionType.objects.bulk_create(ActionType(code=code, name=code) for code in KINDS)
        open_missing(Customer.objects.all(), until=MONTH.span(WESTERNMOST).end)
        sources = Source.objects.bulk_create(Source(code=f"source{n}", name=f"Source {n}") for n in range(SOURCES))
        for subjects in (products, kinds):
            give_facts(subjects, lambda *_: {})
        give_facts(sources, lambda n, _: {"channel": Channel.values[n]})
        PriceRule.objects.create(
            name="Any action",
            unit_price=1,
            state="active",
            activated_at=LONG_AGO,
            wall_from=LONG_AGO.replace(tzinfo=None),
        )
        codes = [one.code for one in customers]
        self._senders = [
            Sender(create_key(one)[1], self._random.sample(codes, 8), numbered=n % 2 == 0)
            for n, one in enumerate(sources)
        ]

    def deliveries(self, leads: int, *, size: int, lap: str = "") -> Iterator[tuple[str, Any]]:
        """This many new leads in batches of `size`, each with its sender's key; the senders take turns.

        `lap` stands at the end of each id, for a sender that repeats them under new ids.
        """
        for place in range(leads // size):
            sender = self._senders[place % SOURCES]
            batch = [self._lead(sender, lap) for _ in range(size)]
            yield sender.key, batch[0] if size == 1 else batch

    def _lead(self, sender: Sender, lap: str) -> dict[str, Any]:
        draw, number = self._random, next(self._number)
        own_id = f"L-{number:09d}" if sender.numbered else str(UUID(int=draw.getrandbits(128), version=4))
        at = START + timedelta(seconds=draw.randrange(28 * 86_400))
        return {
            "id": own_id + lap,
            "product": {"sku": f"SKU-{draw.randrange(PRODUCTS)}", "customer": draw.choice(sender.customers)},
            "contact": {
                "name": f"Person {number}",
                "email": f"Person.{draw.getrandbits(40):x}@studio{draw.randrange(300)}.example",
                "phone": f"+1 555 {number:07d}",
                "firm": f"Studio {draw.randrange(300)}",
                "country": "US",
                "region": "OR",
            },
            "campaign": "Autumn terrazzo",
            "occurred_at": at.isoformat(),
            "attributes": {"page": "/terrazzo/grey", "form": draw.randrange(10)},
            "actions": [self._action(place, at) for place in range(ACTIONS)],
        }

    def _action(self, place: int, at: datetime) -> dict[str, Any]:
        kind = self._random.choice(KINDS)
        action = {
            "id": f"A-{place}",
            "type": kind,
            "occurred_at": (at + timedelta(minutes=7 * place)).isoformat(),
            "quantity": self._random.choice((1, 1, 1, 2, 3, 12)),
            "attributes": {"session": f"{self._random.getrandbits(48):x}"},
        }
        return action | {"value": f"{self._random.random() * 900:.2f}"} if kind == "purchase" else action


def store(actions: int) -> None:
    """Load this many more actions of earlier days into the tables quickly; this is not measured."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM leads_lead")
        amounts = {"leads": actions // ACTIONS, "actions": ACTIONS, "sources": SOURCES, "after": cursor.fetchone()[0]}
        cursor.execute(STORED.format(**amounts, products=CUSTOMERS * PRODUCTS))
        cursor.execute("VACUUM ANALYZE")
