"""What reads all customers, all sources or all invoices at once, beside millions of charges."""

from statistics import median

from django.core.management import call_command

from reports.domain.forecast.prepare import prepare
from reports.queries.explore.invoice_foot import foot_of
from reports.queries.forecast import forecasts
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.quality import quality_of
from tests.bench.measure import say
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import Asked
from tests.bench.reports import world
from tests.bench.reports.questions import REACHES
from tests.bench.waiting import timed

TIMES = 5  # a round


def measure_summaries(asked: Asked) -> Outcome:
    """Each some times, after once to warm up."""
    call_command("migrate", verbosity=0)
    world.build()
    rows = world.load(asked.actions or asked.sized(5_000, 500_000, 5_000_000))
    prepare(at=world.AT)
    labels, year = [str(month) for month in world.MONTHS[-12:]], Days(*REACHES["year"][1].on(world.AT.date()))
    works = {
        "Forecast of all customers, median": lambda: forecasts(world.AT),
        "Source quality of a year, median": lambda: quality_of(year),
        "Foot of a year of invoices, median": lambda: foot_of(None, labels),
    }
    measured, notes = dict[str, Measured](), list[str]()
    for name, work in works.items():
        say(name)
        work()
        took = [timed(work) for _ in range(asked.rounds * TIMES)]
        measured[name] = Measured(median(one.ms for one in took))
        notes.append(
            f"{name.removesuffix(', median')}: the processor was busy for {median(one.busy for one in took):,.0f} ms."
        )
    counts = ", ".join(f"{count:,} rows in {table.partition('_')[2]}" for table, count in rows.items())
    return Outcome(f"{counts}, of {len(world.MONTHS)} months, {world.CUSTOMERS} customers.", measured, notes)
