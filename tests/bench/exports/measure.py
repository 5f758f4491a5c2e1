"""How soon a long file begins, how much memory it takes, and how fast its rows are written."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.management import call_command

from billing_engine.core.tables.csv import csv_response
from billing_engine.core.tables.download import table_response
from billing_engine.core.tables.formats import FORMATS
from reports.domain.question.days import Days
from reports.domain.question.question import Question
from reports.queries.explore.asked.scope import scope_of
from reports.queries.explore.every_row import count_of, every_row_of
from reports.queries.explore.file import table_of
from tests.bench.measure import say
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import Asked as Size
from tests.bench.reports import world
from tests.bench.worker import forget_peak, peak_mb

HEAD = 1_000  # bytes, more than the names of the columns
# A row for almost each row of the daily roll-up.
FINEST = Question(
    show=("amount", "quantity", "actions"), group=("product", "source", "action_type"), columns="day", days=Days("all")
)


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds until the first rows and until the last, the bytes, and by how much the process grew meanwhile."""

    first: float
    whole: float
    size: int
    mb: float


def measure_exports(size: Size) -> Outcome:
    """The same question as CSV, through the reply of the API, and as Parquet, through the reply that a person gets."""
    call_command("migrate", verbosity=0)
    world.build()
    world.load(size.actions or size.sized(5_000, 150_000, 1_400_000))
    rows = count_of(scope_of(FINEST, at=world.AT))
    _written("csv")  # what a process needs once
    took = {}
    for form in ("csv", "parquet"):
        say(f"writing {rows:,} rows as {FORMATS[form].title}")
        took[form] = _written(form)
    csv, parquet = took["csv"], took["parquet"]
    return Outcome(
        f"{rows:,} rows: the finest answer of the explorer about {len(world.MONTHS)} months.",
        {
            "First rows of a long CSV": Measured(csv.first),
            "Rows of a long CSV": Measured(rows / csv.whole),
            "Memory for a long CSV": Measured(csv.mb),
            "Rows of a long Parquet": Measured(rows / parquet.whole),
            "Memory for a long Parquet, besides its own process": Measured(parquet.mb),
        },
        [
            f"CSV: {csv.size / 1e6:,.1f} MB in {csv.whole:,.1f} s. Parquet: {parquet.size / 1e6:,.1f} MB in"
            f" {parquet.whole:,.1f} s; it is sent once it is complete.",
            "A million rows of Parquet in 20 s are 50,000 rows a second.",
        ],
    )


def _written(form: str) -> Took:
    forget_peak()
    before, started, first, size = peak_mb(), time.perf_counter(), 0.0, 0
    for chunk in _chunks(form):
        size += len(chunk)
        if size > HEAD:
            first = first or time.perf_counter() - started
    return Took(first, time.perf_counter() - started, size, peak_mb() - before)


def _chunks(form: str) -> Iterator[bytes]:
    if form == "csv":
        found = every_row_of(scope_of(FINEST, at=world.AT), soon=True)
        response = csv_response("activity.csv", [column.name for column in found.columns], found.rows)
    else:
        response = table_response(table_of(FINEST, at=world.AT), FORMATS[form])
    yield from response  # type: ignore[misc] -- bytes, never text
