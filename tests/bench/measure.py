"""Rating, compared with two floors and the usual way."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

from django.core.management import call_command
from django.db import connection
from django.db.models import Count

from leads.models import BillingPeriod, Customer
from pricing.models import PriceRule
from tests.bench import world
from tests.bench.reading import reading
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import Asked
from tests.bench.stages import stages_of
from tests.bench.table import mix, where_the_time_goes
from tests.bench.true_floor import TrueFloor
from tests.bench.usual import rate_as_usual
from tests.bench.worker import Work, work
from tests.factories.leads import agree_all

FLOOR = "bench_floor"
RATED = "bench_rated"
RATED_TOO = ("pricing_unratedaction", "pricing_periodtally", "pricing_dailyactivity", "pricing_monthlyactivity")
FEW = 10_000  # the usual way is slow


@dataclass
class Figures:
    """The measured values in seconds, one per round."""

    actions: int
    rows: int = 0  # charges; unrated actions have none
    floor: list[float] = field(default_factory=list)
    real: list[float] = field(default_factory=list)
    true_one: list[Work] = field(default_factory=list)
    true_two: list[Work] = field(default_factory=list)
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
    read_whole: str = ""

    @property
    def few_actions(self) -> int:
        return self.actions // 10


def measure(asked: Asked) -> Outcome:
    """Everything, on the database of the settings."""
    call_command("migrate", verbosity=0)
    actions = asked.actions or asked.sized(4_000, 100_000, 1_000_000)
    say(f"loading {actions:,} actions")
    here, periods = world.build()
    world_periods = [period.pk for period in periods]
    here.load(periods, actions)
    world.waive_some(actions)
    figures = Figures(actions)
    figures.sizes = dict(BillingPeriod.objects.annotate(n=Count("actions")).values_list("pk", "n"))
    figures.foresight = _foresight()
    execute("VACUUM ANALYZE")
    with TrueFloor(asked.folder) as true_floor:
        _side_by_side(figures, world_periods, asked, true_floor)
    figures.mix = mix()
    say("rating all of it once more, with the charges there already")
    empty("pricing_charge")
    work([world_periods])
    figures.again = work([world_periods], reason="rule changed")
    _usual(figures, world_periods)
    say("the stages apart")
    empty("pricing_charge", FLOOR)
    figures.stages = stages_of(world_periods, bare=FLOOR)
    _sizes(figures, here, asked.rounds)
    return _outcome(figures)


def _side_by_side(figures: Figures, periods: list[int], asked: Asked, true_floor: TrueFloor) -> None:
    say("once to warm up")
    with reading() as read:
        work([periods])
    figures.read_whole = read.words()
    execute(f"CREATE TABLE {RATED} AS SELECT * FROM pricing_charge ORDER BY action_id")
    execute(f"CREATE TABLE {FLOOR} (LIKE pricing_charge)", f"ALTER TABLE {FLOOR} ADD PRIMARY KEY (action_id)")
    execute(f"VACUUM ANALYZE {RATED}")
    figures.rows = value(f"SELECT count(*) FROM {RATED}")
    shares = _shared_out(figures, periods, workers=2)
    true_floor.prepare([periods], rated=RATED)
    true_floor.prepare(shares, rated=RATED)
    for number in range(1, asked.floors + 1):
        words = f"round {number} of {asked.floors}"
        say(f"{words}: the floors")
        figures.floor.append(_insert_select(FLOOR))
        figures.real.append(_insert_select("pricing_charge"))
        for workers, each in ((shares, figures.true_two), ([periods], figures.true_one)):
            empty("pricing_charge")
            each.append(true_floor.measure(workers))
            _check(figures)
        if number > asked.rounds:
            continue
        for share, works in ((shares, figures.two), ([periods], figures.one)):
            say(f"{words}: rating, {len(share)} worker{'s' * (len(share) > 1)}")
            empty("pricing_charge")
            works.append(work(share))
            _check(figures)


def _check(figures: Figures) -> None:
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
    """One period with a tenth of the actions, one with as many as all the others together."""
    say(f"loading one customer with {figures.few_actions:,} actions and one with {figures.actions:,}")
    both = Customer.objects.bulk_create(
        Customer(code=code, name=code, billed_from=world.MONTH.first) for code in ("FEW", "WHOLE")
    )
    agree_all(both)
    # Placed so that their ten rules are the common ones; none needs foresight.
    few, whole = world.settle(both, here.sources, here.kinds, first_place=1)
    here.load([few], figures.few_actions)
    here.load([whole], figures.actions)
    execute("VACUUM ANALYZE")
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}: one period of {figures.few_actions:,}, one of {figures.actions:,}")
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


def _outcome(figures: Figures) -> Outcome:
    sample, usual = figures.usual
    actions, floor = figures.actions, figures.rows / median(figures.floor)
    one, two = actions / seconds(figures.one), actions / seconds(figures.two)
    assert figures.again
    a_few, an_action = seconds(figures.few) / figures.few_actions * 1e6, seconds(figures.whole) / actions * 1e6
    sizes = sorted(figures.sizes.values())
    share = sum(figures.sizes[period] for period in figures.foresight) / actions
    outcomes, models = figures.mix
    return Outcome(
        f"{actions:,} actions of {len(sizes)} customers ({sizes[0]:,} to {sizes[-1]:,} each), 2,000 rules.",
        {
            "Insert into the real charge table": Measured(figures.rows / median(figures.real), floor),
            "Rate, one worker": Measured(one, floor),
            "Rate, two workers": Measured(two, floor),
            "Rate, one worker, of the true floor": Measured(one, actions / seconds(figures.true_one)),
            "Rate, two workers, of the true floor": Measured(two, actions / seconds(figures.true_two)),
            "Rate again, the charges there already": Measured(actions / figures.again.seconds, floor),
            "Rate, one worker, compared with Django objects": Measured(one, usual=sample / usual),
            "Memory of a worker that rated all customers": Measured(peak(figures.one + figures.two)),
            "Memory of a worker that rated one large period": Measured(peak(figures.whole)),
            "An action of one large period, compared with one of a tenth": Measured(an_action, a_few),
        },
        [
            "The floor: `INSERT … SELECT` of the finished charges into a table with a primary key, one backend.",
            "The true floor: the same join in rating order copied out, and the same bytes copied into the real table, with "
            "nothing decided, by as many processes as workers.",
            f"Floors are medians of {len(figures.floor)}, the rest of {len(figures.one)}; each starts from emptied tables "
            "and a checkpoint.",
            f"Outcomes: {outcomes}. By model: {models}. Read twice, because a rule needs foresight: {share:.1%} of the actions.",
            f"The usual way was measured with {sample:,} actions. A worker at rest: {figures.one[0].at_rest_mb:,.0f} MB.",
            figures.read_whole,
            *where_the_time_goes(figures.stages, seconds(figures.one), actions),
        ],
    )


def seconds(works: Iterable[Work]) -> float:
    """The median."""
    return median(each.seconds for each in works)


def peak(works: Iterable[Work]) -> float:
    """The largest worker's memory in MB."""
    return max(each.peak_mb for each in works)


def _foresight() -> set[int]:
    needing = PriceRule.objects.filter(highest_only=True) | PriceRule.objects.filter(price_model="volume")
    return set(BillingPeriod.objects.filter(customer__price_rules__in=needing).values_list("pk", flat=True))


def empty(*tables: str) -> None:
    """Empty tables, and a checkpoint, so that every measurement starts equally."""
    for table in tables:
        truncate(table, *(RATED_TOO if table == "pricing_charge" else ()))
    execute("DELETE FROM leads_unratedmark", "CHECKPOINT")


def truncate(*tables: str) -> None:
    """Empty tables and those that refer to them."""
    with without_triggers():
        execute(f"TRUNCATE {', '.join(tables)} CASCADE")


@contextmanager
def without_triggers() -> Iterator[None]:
    """For going back to an earlier state, which the triggers refuse."""
    execute("SET session_replication_role = replica")
    yield
    execute("RESET session_replication_role")


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
