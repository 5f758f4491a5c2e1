"""What one action costs in a small database and in a large one: to ingest, to rate and to bill."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from django.contrib.auth.models import User
from django.core.management import call_command

from leads.models import BillingPeriod
from tests.bench.growth.deliveries import align_sequences, forget_later, ingest, received
from tests.bench.intake.cores import Postgres
from tests.bench.measure import empty, execute, peak, say
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import Asked
from tests.bench.run.company import ACTIONS_EACH, EvenWorld, build, create_customers
from tests.bench.run.measure import bill_all, forget
from tests.bench.worker import Work, work
from tests.bench.world import settle

ONCE_FROM = 2_000_000  # actions: from here on, one round takes long enough


@dataclass
class Costs:
    """Microseconds of processor time an action, workers and PostgreSQL together; and by the clock."""

    actions: int
    ingest: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    bill: list[float] = field(default_factory=list)
    clock: dict[str, float] = field(default_factory=dict)
    works: list[Work] = field(default_factory=list)


def measure_growth(asked: Asked) -> Outcome:
    """One database that grows; each size has ten times the customers of the one before."""
    call_command("migrate", verbosity=0)
    User.objects.create(username="olga")
    sizes = {"tiny": (2_000, 4_000), "quick": (30_000, 100_000, 300_000), "full": (100_000, 1_000_000, 10_000_000)}
    sizes_asked = sizes[asked.size]
    world, periods = build(sizes_asked[0] // ACTIONS_EACH)
    found = list[Costs]()
    for before, actions in pairwise((0, *sizes_asked)):
        say(f"growing to {actions:,} actions")
        if before:
            more = create_customers((actions - before) // ACTIONS_EACH)
            periods = settle(more, world.sources, world.kinds, first_place=1)
        world.load_evenly(periods)
        execute("VACUUM ANALYZE")
        found.append(_costs(world, actions, 1 if actions >= ONCE_FROM else asked.rounds, asked.sized(1, 20, 300)))
    return _outcome(found)


def _costs(world: EvenWorld, actions: int, rounds: int, bodies: int) -> Costs:
    costs, postgres = Costs(actions), Postgres()
    numbers = list(BillingPeriod.objects.order_by("pk").values_list("pk", flat=True))
    for number in range(1, rounds + 1):
        say(f"{actions:,} actions, round {number} of {rounds}: ingesting, rating, billing")
        align_sequences()
        used, begun = postgres.seconds() + time.process_time(), time.perf_counter()
        ingested = ingest(world, bodies)
        costs.ingest.append((postgres.seconds() + time.process_time() - used) / ingested * 1e6)
        costs.clock["ingest"] = (time.perf_counter() - begun) / ingested * 1e6
        if received(world) != ingested:
            raise RuntimeError("Not everything that was ingested is there.")
        forget_later(world)
        empty("pricing_charge")
        used = postgres.seconds()
        rated = work([numbers[::2], numbers[1::2]])
        costs.rate.append((postgres.seconds() - used + rated.cpu) / actions * 1e6)
        costs.clock["rate"] = rated.seconds / actions * 1e6
        execute("VACUUM ANALYZE")
        used = postgres.seconds()
        _, billed = bill_all(actions // ACTIONS_EACH)
        costs.bill.append((postgres.seconds() - used + billed.cpu) / actions * 1e6)
        costs.clock["bill"] = billed.seconds / actions * 1e6
        costs.works += [rated, billed]
        forget()
    return costs


def _outcome(found: list[Costs]) -> Outcome:
    least, most = found[0], found[-1]
    return Outcome(
        f"{' → '.join(f'{each.actions:,}' for each in found)} actions, {ACTIONS_EACH:,} a customer.",
        {
            "Ingest an action, processor time": Measured(median(most.ingest), median(least.ingest)),
            "Rate an action, processor time": Measured(median(most.rate), median(least.rate)),
            "Bill an action, processor time": Measured(median(most.bill), median(least.bill)),
            "Memory of a worker beside the most actions": Measured(peak(most.works)),
        },
        [
            "The floor column is the cost in the smallest database, ours that in the largest. Processor time of workers and "
            "PostgreSQL together.",
            *(_words(each) for each in found),
        ],
    )


def _words(costs: Costs) -> str:
    def told(values: Iterable[tuple[str, float]]) -> str:
        return ", ".join(f"{name} {value:.1f}" for name, value in values)

    processor = told((name, median(getattr(costs, name))) for name in ("ingest", "rate", "bill"))
    return (
        f"{costs.actions:,} actions, µs an action: {processor}; by the clock, two workers: {told(costs.clock.items())}."
    )
