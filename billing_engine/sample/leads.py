"""The sample company's leads, as its sources would send them: the same for the same day on every machine."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from billing_engine.core.calendar.spans import Month
from billing_engine.sample.company import PRODUCTS, SOURCES

UTC_ZONE = ZoneInfo("UTC")
WORLD = timedelta(hours=15)  # more than any time zone's offset from UTC
LEADS_OF_LAST_MONTH = 1_200
EARLIER_MONTHS, LEADS_OF_AN_EARLIER_MONTH = 4, 250  # invoices of several ages
LEADS_AT_A_TIME = 100
WEEKEND, ON_WEEKENDS = (6, 7), 0.3  # as busy as that share of a weekday

FIRST = [
    "Ada",
    "Ben",
    "Carla",
    "Dmitri",
    "Esra",
    "Farid",
    "Greta",
    "Hana",
    "Ivo",
    "June",
    "Kofi",
    "Lena",
    "Mika",
    "Noor",
]
LAST = ["Abe", "Bauer", "Costa", "Dahl", "Eze", "Fontaine", "Garcia", "Holm", "Ito", "Jensen", "Khan", "Lopez", "Meyer"]
FIRMS = ["Studio Meridian", "Holm & Ito", "Atelier Nord", "Gridline Architects", "Rue Verte Interiors", "Plan B Design"]
CAMPAIGNS = ["Spring surfaces", "Quiet offices", "Hotel refit", "NeoCon follow-up", ""]
# What people do, how often, and how many at once.
HABITS = [("page_view", 60), ("sample_order", 24), ("spec_download", 14), ("project_save", 8), ("quote_request", 4)]


def documents(*, today: datetime) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(source code, leads) per request: last month and this month up to `today`, with mistakes that sources make."""
    chance = random.Random(str(today.date()))  # noqa: S311 -- sample data, not secret
    last = last_month(today)
    span, still = last.span(UTC_ZONE), last.next().span(UTC_ZONE)
    # Away from midnight, so that the action is in every customer's own month.
    yield from _month(chance, span.start + WORLD, span.end - WORLD, LEADS_OF_LAST_MONTH, name=str(last))
    if today > still.start + 2 * WORLD:
        share = (today - still.start) / (still.end - still.start)
        yield from _month(chance, still.start + WORLD, today, int(LEADS_OF_LAST_MONTH * share), name=str(last.next()))
    yield from _mistakes(span.end - timedelta(days=3))


def earlier(month: Month) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The same for a month before the last one: fewer leads, and no mistakes."""
    span, chance = month.span(UTC_ZONE), random.Random(str(month))  # noqa: S311 -- as above
    yield from _month(chance, span.start + WORLD, span.end - WORLD, LEADS_OF_AN_EARLIER_MONTH, name=str(month))


def earlier_months(today: datetime) -> list[Month]:
    """The months before the last one in which the company was billed, oldest first."""
    months = [last_month(today).previous()]
    while len(months) < EARLIER_MONTHS:
        months.append(months[-1].previous())
    return months[::-1]


def last_month(today: datetime) -> Month:
    """The latest month that is over everywhere on Earth."""
    return Month.containing(today - WORLD, UTC_ZONE).previous()


def _month(
    chance: random.Random, begin: datetime, end: datetime, count: int, *, name: str
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    by_source: dict[str, list[dict[str, Any]]] = {}
    weights = [40, 12, 12, 5, 6, 3, 4, 8, 3, 5, 2]
    for number in range(count):
        source, *_ = chance.choices(SOURCES, weights)[0]
        by_source.setdefault(source, []).append(_lead(chance, begin, end, f"{name}-{number:05d}"))
    for source, leads in by_source.items():
        for start in range(0, len(leads), LEADS_AT_A_TIME):
            yield source, leads[start : start + LEADS_AT_A_TIME]


def _lead(chance: random.Random, begin: datetime, end: datetime, number: str) -> dict[str, Any]:
    customer = chance.choice(list(PRODUCTS))
    sku, *_ = chance.choice(PRODUCTS[customer])
    first, last, firm = chance.choice(FIRST), chance.choice(LAST), chance.choice(FIRMS)
    # Some of the brand's own people view their own pages; they are never charged.
    domain = f"{customer.lower()}.example" if chance.random() < 0.03 else f"{firm.split()[0].lower()}.example"
    seen = _seen(chance, begin, end)
    return {
        "id": f"L-{number}",
        "product": {"sku": sku, "customer": customer},
        "contact": {
            "name": f"{first} {last}",
            "email": f"{first}.{last}@{domain}".lower(),
            "firm": firm,
            "country": "US",
        },
        "campaign": chance.choice(CAMPAIGNS),
        "is_test": chance.random() < 0.01,
        "occurred_at": seen.isoformat(),
        "actions": list(_actions(chance, seen, end)),
    }


def _seen(chance: random.Random, begin: datetime, end: datetime) -> datetime:
    """An instant between the two: designers work on weekdays, and a few of them on weekends."""
    while True:
        at = begin + (end - begin) * chance.random()
        if at.isoweekday() not in WEEKEND or chance.random() < ON_WEEKENDS:
            return at


def _actions(chance: random.Random, seen: datetime, end: datetime) -> Iterator[dict[str, Any]]:
    at = seen
    for number in range(chance.randint(1, 8)):
        kind = chance.choices([name for name, _ in HABITS], [weight for _, weight in HABITS])[0]
        action: dict[str, Any] = {"id": f"A-{number + 1}", "type": kind, "occurred_at": at.isoformat()}
        if kind == "sample_order":
            action |= {
                "quantity": chance.choice([1, 1, 2, 3, 5]),
                "attributes": {"order": f"O-{chance.randint(1, 99999):05d}"},
            }
        yield action
        at += timedelta(minutes=chance.randint(1, 900))
        if at >= end:
            return


def _mistakes(at: datetime) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Typical mistakes: a duplicate, an unknown product, a changed quantity, a time without offset, an unpriced action type."""
    product = {"sku": "KC-1", "customer": "KILN"}
    order = {"id": "A-1", "type": "sample_order", "occurred_at": at.isoformat(), "quantity": 2}
    good = {"id": "L-again", "product": product, "contact": {"email": "june.ito@atelier.example"}, "actions": [order]}
    yield "web", [good]
    yield "web", [good]
    yield "web", [good | {"actions": [order | {"quantity": 20}]}]
    yield "mail", [{"id": "L-typo", "product": {"sku": "TZ-1O1", "customer": "TERRAZZA"}, "actions": [order]}]
    yield "event", [good | {"actions": [order | {"occurred_at": at.replace(tzinfo=None).isoformat()}]}]
    yield (
        "web",
        [
            {
                "id": f"L-bim-{number}",
                "product": {"sku": "AG-3", "customer": "ARBOR"},
                "contact": {"email": f"mika.{number}@gridline.example"},
                "actions": [{"id": "A-1", "type": "bim_download", "occurred_at": at.isoformat()}],
            }
            for number in range(3)
        ],
    )
