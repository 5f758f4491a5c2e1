"""New deliveries beside what is stored: received in this process, and taken back later."""

from itertools import count

import msgspec
from django.db import connection
from django.utils.timezone import now

from leads.domain.intake.receive import receive
from leads.models import Customer
from tests.bench.measure import execute, without_triggers
from tests.bench.rulebook import KINDS
from tests.bench.world import ACTIONS_A_LEAD, START, World

LEADS_A_BODY = 100
TABLES = ("leads_action", "leads_lead", "leads_delivery")
_numbers = count(1)


def align_sequences() -> None:
    """New rows come after those that were loaded with their ids."""
    for table in TABLES:
        execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")


def ingest(world: World, bodies: int, *, prefix: str = "G") -> int:
    """Receive this many bodies of a hundred new leads; return how many actions that were."""
    codes = list(Customer.objects.order_by("pk").values_list("code", flat=True))
    for place in range(bodies):
        body = msgspec.json.encode([_lead(world, codes, prefix) for _ in range(LEADS_A_BODY)])
        source = world.sources[place % len(world.sources)]
        receive(source, body=body, content_type="application/json", received_at=now())
    return bodies * LEADS_A_BODY * ACTIONS_A_LEAD


def forget_later(world: World) -> None:
    """Delete what was received after the world was loaded."""
    with without_triggers():
        execute(
            f"DELETE FROM leads_action WHERE id > {world.actions}",
            f"DELETE FROM leads_lead WHERE id > {world.leads}",
            f"DELETE FROM leads_delivery WHERE id > {world.delivery.pk}",
        )
    execute("VACUUM leads_action", "VACUUM leads_lead", "CHECKPOINT")


def received(world: World) -> int:
    """How many actions stand there beside those of the world."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM leads_action WHERE id > %s", [world.actions])
        return int(cursor.fetchone()[0])


def _lead(world: World, codes: list[str], prefix: str) -> dict[str, object]:
    draw, number = world.random, next(_numbers)
    kinds = list(KINDS)
    return {
        "id": f"{prefix}-{number:09d}",
        "product": {"sku": f"SKU-{draw.randrange(5)}", "customer": draw.choice(codes)},
        "contact": {"name": f"Person {number}", "email": f"new{number}@studio{number % 300}.example", "country": "US"},
        "occurred_at": START.isoformat(),
        "actions": [
            {"id": f"A-{place}", "type": draw.choice(kinds), "occurred_at": START.isoformat(), "quantity": 1}
            for place in range(ACTIONS_A_LEAD)
        ],
    }
