"""The measurements, in order, and their table."""

import sys
import time
from dataclasses import dataclass, field
from statistics import median

from django.core.management import call_command
from django.db import connection
from django.db.models import Count

from leads.models import BillingPeriod, Customer
from pricing.models import PriceRule
from tests.bench import world
from tests.bench.stages import stages_of
from tests.bench.table import Row, mix, print_tables, setting
from tests.bench.usual import rate_as_usual
from tests.bench.worker import Work, work
from tests.factories.leads import agree_all

FLOOR = "bench_floor"
RATED = "bench_rated"
FEW = 10_000


@dataclass
class Figures:
    """The measured values in seconds, one per round."""

    actions: int
    few_actions: int = FEW
    setting: str = ""
    rows: int = 0  # charges; unrated actions have none
    floor: list[float] = field(default_factory=list)
    real: list[float] = field(default_factory=list)
    one: list[Work] = field(default_factory=list)
    two: list[Work] = field(default_factory=list)
    again: Work | None = None
    usual: tuple[int, float] = (0, 0.0)
    stages: dict[str, float] = field(default_factory=dict)
    few: list[Work] = field(default_factory=list)
    whole: list[Work] = field(default_factory=list)
    foresight: set[int] = field(default_factory=set)  # the periods that are read more than once
    sizes: dict[int, int] = field(default_factory=dict)
    mix: list[str] = field(default_factory=list)


def measure(*, actions: int, rounds: int) -> None:
    """Everything, on the database of the settings."""
    call_command("migrate", verbosity=0)
    say(f"loading {actions:,} actions")
    here, periods = world.build()
    world_periods = [period.pk for period in periods]
    here.load(periods, actions)
    world.waive_some(actions)
    figures = Figures(actions)
    figures.sizes = dict(BillingPeriod.objects.annotate(n=Count("actions")).values_list("pk", "n"))
    figures.foresight = _foresight()
    execute("VACUUM ANALYZE")
    _side_by_side(figures, world_periods, rounds)
    figures.mix = mix()
    say("rating all of it once more, with the charges there already")
    figures.again = work([world_periods])
    _usual(figures, world_periods)
    say("the stages apart")
    empty("pricing_charge", FLOOR)
    figures.stages = stages_of(world_periods, bare=FLOOR)
    _sizes(figures, here, rounds)
    figures.setting = setting()
    print_tables(_rows(figures), figures)


def _side_by_side(figures: Figures, periods: list[int], rounds: int) -> None:
    say("once to warm up")
    work([periods])
    execute(f"CREATE TABLE {RATED} AS SELECT * FROM pricing_charge ORDER BY action_id")
    execute(f"CREATE TABLE {FLOOR} (LIKE pricing_charge)", f"ALTER TABLE {FLOOR} ADD PRIMARY KEY (action_id)")
    execute(f"VACUUM ANALYZE {RATED}")
    figures.rows = value(f"SELECT count(*) FROM {RATED}")
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}: the floor")
        figures.floor.append(_insert_select(FLOOR))
        say(f"round {number} of {rounds}: the real table")
        figures.real.append(_insert_select("pricing_charge"))
        say(f"round {number} of {rounds}: rating, two workers")
        empty("pricing_charge")
        figures.two.append(work(_shared_out(figures, periods, workers=2)))
        say(f"round {number} of {rounds}: rating, one worker")
        empty("pricing_charge")
        figures.one.append(work([periods]))
    if value("SELECT count(*) FROM pricing_charge") != figures.rows:
        raise RuntimeError("The charges are not as many as at first.")


def _insert_select(table: str) -> float:
    empty(table)
    started = time.perf_counter()
    execute(f"INSERT INTO {table} SELECT * FROM {RATED}")
    return time.perf_counter() - started


def _usual(figures: Figures, periods: list[int]) -> None:
    sample = min(FEW, figures.actions)
    say(f"the usual way, {sample:,} actions of it")
    empty("pricing_charge")
    figures.usual = rate_as_usual(periods, sample)


def _sizes(figures: Figures, here: world.World, rounds: int) -> None:
    """One period with few actions, one with as many as all the others together."""
    say(f"loading one customer with {FEW:,} actions and one with {figures.actions:,}")
    both = Customer.objects.bulk_create(
        Customer(code=code, name=code, billed_from=world.MONTH.first) for code in ("FEW", "WHOLE")
    )
    agree_all(both)
    # Placed so that their ten rules are the common ones; none needs foresight.
    few, whole = world.settle(both, here.sources, here.kinds, first_place=1)
    here.load([few], FEW)
    here.load([whole], figures.actions)
    execute("VACUUM ANALYZE")
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}: one period of {FEW:,}, one of {figures.actions:,}")
        for period, works in ((few, figures.few), (whole, figures.whole)):
            empty("pricing_charge")
            works.append(work([[period.pk]]))


def _shared_out(figures: Figures, periods: list[int], *, workers: int) -> list[list[int]]:
    """The largest first, each to the worker with the least to do so far."""
    shares: list[list[int]] = [[] for _ in range(workers)]
    loads = [0] * workers
    for period in sorted(periods, key=lambda one: -figures.sizes[one]):
        place = loads.index(min(loads))
        shares[place].append(period)
        loads[place] += figures.sizes[period]
    return shares


def _rows(figures: Figures) -> list[Row]:
    sample, usual = figures.usual
    floor = figures.rows / median(figures.floor)
    return [
        Row("the floor: INSERT … SELECT, primary key only", floor, 1.0),
        *(
            Row(name, count / seconds, count / seconds / floor, aim)
            for name, count, seconds, aim in (
                ("the same into the real charge table", figures.rows, median(figures.real), None),
                ("rating, one worker", figures.actions, median(each.seconds for each in figures.one), 0.4),
                ("rating, two workers", figures.actions, median(each.seconds for each in figures.two), 0.6),
                ("rating again, its charges there already", figures.actions, figures.again.seconds, None),
                (f"the usual way ({sample:,} actions)", sample, usual, None),
            )
        ),
    ]


def _foresight() -> set[int]:
    needing = PriceRule.objects.filter(highest_only=True) | PriceRule.objects.filter(price_model="volume")
    return set(BillingPeriod.objects.filter(customer__price_rules__in=needing).values_list("pk", flat=True))


def empty(*tables: str) -> None:
    """Empty tables, and a checkpoint, so that every measurement starts equally."""
    for table in tables:
        execute(f"TRUNCATE {table}{', pricing_unratedaction, pricing_periodtally' * (table == 'pricing_charge')}")
    execute("DELETE FROM leads_unratedmark", "CHECKPOINT")


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def value(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


STARTED = time.monotonic()


def say(words: str) -> None:
    """A line of progress."""
    print(f"{time.monotonic() - STARTED:6.0f} s  {words} …", file=sys.stderr, flush=True)
