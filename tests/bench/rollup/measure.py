"""Rating the same customers with and without the roll-up, in turn."""

from itertools import chain
from statistics import median

from django.core.management import call_command
from django.db.models import Count

from leads.domain.periods import mark_unrated
from leads.models import BillingPeriod
from tests.bench import world
from tests.bench.measure import empty, execute, say, value
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import Asked
from tests.bench.worker import share_out

WITH, WITHOUT = "tests.bench.worker", "tests.bench.rollup.without"
TABLES = ("pricing_dailyactivity", "pricing_monthlyactivity")


def measure_roll_up(asked: Asked) -> Outcome:
    """Both ways in each round, first with one worker and then with two; each starts from emptied tables."""
    call_command("migrate", verbosity=0)
    actions = asked.actions or asked.sized(4_000, 100_000, 1_000_000)
    say(f"loading {actions:,} actions")
    here, periods = world.build()
    here.load(periods, actions)
    execute("VACUUM ANALYZE")
    shares = {1: [_largest_first()], 2: [_largest_first()[0::2], _largest_first()[1::2]]}
    took = {(workers, module): list[float]() for workers in shares for module in (WITHOUT, WITH)}
    _seconds(shares[1], WITH)  # to warm up
    for number in range(1, asked.rounds + 1):
        say(f"round {number} of {asked.rounds}")
        for (workers, module), each in took.items():
            each.append(_seconds(shares[workers], module))
    rows = [value(f"SELECT count(*) FROM {table}") for table in TABLES]
    medians = {key: actions / median(each) for key, each in took.items()}
    return Outcome(
        f"{actions:,} actions of {len(periods)} customers, one month; {rows[0]:,} rows of daily and {rows[1]:,} of monthly"
        " activity.",
        {
            f"Rate with the roll-up, {words}": Measured(medians[workers, WITH], medians[workers, WITHOUT])
            for workers, words in ((1, "one worker"), (2, "two workers"))
        },
        [
            "Without: the same workers, which neither tell days apart nor write its rows; what the tally needs is counted.",
            f"Medians of {asked.rounds}, in turn; each starts from emptied tables and a checkpoint.",
        ],
    )


def _largest_first() -> list[int]:
    sizes = BillingPeriod.objects.annotate(n=Count("actions")).order_by("-n", "pk")
    return list(sizes.values_list("pk", flat=True))


def _seconds(shares: list[list[int]], module: str) -> float:
    empty("pricing_charge")
    mark_unrated(BillingPeriod.objects.filter(pk__in=chain(*shares)), reason="intake")
    return share_out(shares, module=module).seconds
