"""All benches with their lines and aims: the aims are those of the issue that asked for speed.

A new bench is an entry here and a function that takes `Asked` and returns an `Outcome` with a value for each line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from billing_engine.local_servers.folder import Folder
from tests.bench.report.lines import Line, Outcome

TINY, QUICK, FULL = "tiny", "quick", "full"
MEMORY_MB = 300
GROWTH = 1.25
BODIES = (1, 10, 100, 1_000)  # leads in one body
PORTAL_PAGES = (
    *("Overview", "Invoices", "An invoice", "An invoice line", "An invoice line, from its middle", "Why this price"),
    *("Not charged", "Activity of a month", "Activity of a year by day", "Rows of activity", "Rows of one lead"),
    *("Disputes", "A dispute", "Open a dispute", "Payments", "Prices", "Settings"),
)


@dataclass(frozen=True)
class Asked:
    """How much to measure; a tiny bench only proves that it runs to its end."""

    size: str
    rounds: int
    folder: Folder
    actions: int | None = None

    def sized(self, tiny: int, quick: int, full: int) -> int:
        """The number for this size."""
        return {TINY: tiny, QUICK: quick, FULL: full}[self.size]

    @property
    def floors(self) -> int:
        """How often a floor is measured: it swings more than what stands on it."""
        return 1 if self.size == TINY else max(5, self.rounds)


@dataclass(frozen=True)
class Bench:
    """One measurement with its own database; `function` is a module and its function, imported when Django is set up."""

    name: str
    title: str
    function: str
    lines: tuple[Line, ...]
    needs_redis: bool = False
    has_large_cache: bool = False  # PostgreSQL gets a quarter of the memory for pages, as in production, and not 128 MB

    def measure(self, asked: Asked) -> Outcome:
        module, _, name = self.function.partition(":")
        function: Callable[[Asked], Outcome] = getattr(import_module(module), name)
        return function(asked)


def grows(work: str) -> Line:
    """The cost of an action beside the most rows, compared with beside the fewest: it may neither grow nor shrink."""
    return Line(work, "µs", "floor", at_least=round(1 / GROWTH, 2), at_most=GROWTH, of="× the smallest")


RATING = Bench(
    "rating",
    "Rating",
    "tests.bench.measure:measure",
    (
        Line("Insert into the real charge table", "rows/s", "floor"),
        Line("Rate, one worker", "actions/s", "floor", at_least=0.22),
        Line("Rate, two workers", "actions/s", "floor", at_least=0.38),
        Line("Rate, one worker, of the true floor", "actions/s", "floor", at_least=0.6),
        Line("Rate, two workers, of the true floor", "actions/s", "floor", at_least=0.65),
        Line("Rate again, the charges there already", "actions/s", "floor"),
        Line("Rate, one worker, compared with Django objects", "actions/s", "usual", at_least=15),
        Line("Memory of a worker that rated all customers", "MB", at_most=MEMORY_MB),
        Line("Memory of a worker that rated one large period", "MB", at_most=MEMORY_MB),
        grows("An action of one large period, compared with one of a tenth"),
    ),
)
INTAKE = Bench(
    "intake",
    "Intake over HTTP",
    "tests.bench.intake.measure:measure_intake",
    (
        Line("1 lead a body, compared with a nested serializer", "actions/s", "usual", at_least=4),
        Line("10 leads a body, compared with a nested serializer", "actions/s", "usual", at_least=10),
        Line("100 leads a body, compared with a nested serializer", "actions/s", "usual", at_least=15),
        Line("1,000 leads a body, compared with a nested serializer", "actions/s", "usual"),
        Line("1 lead a body, compared with an empty view", "requests/s", "floor", at_least=0.25),
        *(Line(f"{size:,} leads a body, compared with COPY", "actions/s", "floor") for size in BODIES[1:]),
        Line("10 leads a body", "actions/s", at_least=12_000),
        Line("100 leads a body", "actions/s", at_least=28_000),
        Line("1,000 leads a body", "actions/s", at_least=28_000),
        *(
            Line(f"{size:,} leads a body with rating beside, of the same without", "actions/s", "floor", at_least=0.6)
            for size in BODIES[1:]
        ),
        *(
            Line(f"{words} a body beside {stored} actions, of an empty database", "actions/s", "floor", at_least=0.9)
            for stored in ("stored", "very many stored")
            for words in ("1 lead", "10 leads", "100 leads", "1,000 leads")
        ),
        Line("1 lead a body, p95 at half load", "ms", at_most=50),
        *(Line(f"{size:,} leads a body, p95 at half load", "ms") for size in BODIES[1:]),
        Line("Memory of a web worker", "MB", at_most=MEMORY_MB),
        Line("Memory of a web worker at the end, of that after a tenth", "MB", "floor", at_most=1.05),
    ),
)
SIMULATION = Bench(
    "simulation",
    "Simulation",
    "tests.bench.simulation.measure:measure_simulation",
    (
        Line("Simulate, one worker, compared with rating", "actions/s", "floor", at_least=0.75),
        Line("Simulate, two workers, compared with rating", "actions/s", "floor", at_least=0.75),
        Line("Simulate, one worker, compared with deciding and fetching", "actions/s", "floor"),
        Line("Memory of a worker that simulated all customers", "MB", at_most=MEMORY_MB),
        Line("Memory of a worker that simulated one large period", "MB", at_most=MEMORY_MB),
        Line("Try one action with a draft as it is typed", "ms", at_most=150),
        Line("Try one action with a rule in force", "ms", at_most=150),
        Line("List of thousands of rules", "ms", at_most=300),
        Line("List of thousands of rules, searched", "ms", at_most=300),
        Line("List of thousands of rules, of one customer", "ms", at_most=300),
    ),
)
RUN = Bench(
    "run",
    "Billing run",
    "tests.bench.run.measure:measure_run",
    (
        Line("Run to draft, two workers", "customers/s", "floor", at_least=0.4),
        Line("Approve and issue, two workers", "customers/s", "floor", at_least=2.0),
        Line("Run to issued, two workers", "customers/s", "floor"),
        Line("Memory of a worker that drafted", "MB", at_most=MEMORY_MB),
        Line("Memory of a worker that issued", "MB", at_most=MEMORY_MB),
    ),
    needs_redis=True,
)
CLOSE = Bench(
    "close",
    "Month close",
    "tests.bench.close:measure_close",
    (
        Line("Page of the month close, median", "ms", at_most=500),
        Line("Page of the month close, p95", "ms", at_most=500),
        Line("Memory of the process that showed it", "MB", at_most=MEMORY_MB),
    ),
)
PAPER = Bench(
    "paper",
    "Invoice PDFs",
    "tests.bench.paper.measure:measure_paper",
    (
        Line("PDF of two pages", "ms", at_most=60),
        Line("PDF with an annex of charges", "s", at_most=10),
        Line("Memory for a PDF with an annex of charges", "MB", at_most=500),
    ),
)
LISTS = Bench(
    "lists",
    "Lists and searches",
    "tests.bench.lists.measure:measure_lists",
    (
        Line("Lists, searches and reports, median", "ms"),
        Line("Lists, searches and reports, p95", "ms", at_most=300),
        Line("Addresses with a p95 above 300 ms", "addresses", at_most=0),
        Line("Memory of the process that showed them", "MB", at_most=MEMORY_MB),
    ),
)
REPORTS = Bench(
    "reports",
    "Reports",
    "tests.bench.reports.measure:measure_reports",
    (
        *(
            line
            for length, aim in (("month", 100), ("year", 300))
            for line in (
                Line(f"A grouped {length}, median", "ms"),
                Line(f"A grouped {length}, p95", "ms", at_most=aim),
                Line(f"A grouped {length}, p95, beside few charges", "ms", "floor", at_most=1.5, of="× beside few"),
                Line(f"A page about a {length}, p95", "ms", at_most=aim),
                Line(
                    f"A page about a {length}, p95, beside few charges",
                    "ms",
                    "floor",
                    at_most=1.5,
                    of="× beside few",
                ),
                Line(f"A grouped {length} with leads, p95", "ms", at_most=aim),
                Line(f"A grouped {length}, compared with GROUP BY over charges", "answers/s", "usual"),
            )
        ),
        Line("Front page, Finance", "ms", at_most=300),
        Line("Front page, Operations", "ms", at_most=300),
    ),
)
SUMMARIES = Bench(
    "summaries",
    "Summaries",
    "tests.bench.reports.summaries:measure_summaries",
    tuple(
        Line(f"{work}, median", "ms", at_most=300)
        for work in ("Forecast of all customers", "Source quality of a year", "Foot of a year of invoices")
    ),
)
EXPORTS = Bench(
    "exports",
    "Exports",
    "tests.bench.exports.measure:measure_exports",
    (
        Line("First rows of a long CSV", "s", at_most=1),
        Line("Rows of a long CSV", "rows/s"),
        Line("Memory for a long CSV", "MB", at_most=50),
        Line("Rows of a long Parquet", "rows/s", at_least=50_000),
        Line("Memory for a long Parquet, besides its own process", "MB", at_most=50),
    ),
)
WITHOUT = "of the same without"
ROLL_UP = Bench(
    "rollup",
    "Roll-up",
    "tests.bench.rollup.measure:measure_roll_up",
    tuple(
        Line(f"Rate with the roll-up, {workers}", "actions/s", "floor", at_least=0.9, of=WITHOUT)
        for workers in ("one worker", "two workers")
    ),
)
GROWING = Bench(
    "growth",
    "Growth",
    "tests.bench.growth.measure:measure_growth",
    (
        grows("Ingest an action, processor time"),
        grows("Rate an action, processor time"),
        grows("Bill an action, processor time"),
        Line("Memory of a worker beside the most actions", "MB", at_most=MEMORY_MB),
    ),
    needs_redis=True,
    has_large_cache=True,
)
BESIDE = "× beside the database"
WITHOUT_DELAY = "× without the delay"
HOSTS = Bench(
    "hosts",
    "Two hosts and a replica",
    "tests.bench.hosts.measure:measure_hosts",
    (
        *(
            Line(f"{work}, {workers}", f"{unit}/s", "floor", of=BESIDE)
            for work, unit in (("Rate", "actions"), ("Bill", "customers"), ("Ingest", "actions"))
            for workers in (
                *("1 worker on the second host", "2 workers on the second host"),
                *("1 worker on each host", "2 workers on each host"),
            )
        ),
        *(
            Line(
                f"{work}, 2 workers on the second host, round trips of {delay} ms more",
                f"{unit}/s",
                "floor",
                of=WITHOUT_DELAY,
            )
            for work, unit in (("Rate", "actions"), ("Bill", "customers"), ("Ingest", "actions"))
            for delay in (1, 5)
        ),
        Line("Rate, 2 workers beside a streaming replica", "actions/s", "floor", of="× without a replica"),
        Line("Lag of the replica while rating, median", "ms"),
        Line("Lag of the replica while rating, worst", "ms"),
        Line("Memory of a worker", "MB", at_most=MEMORY_MB),
    ),
    needs_redis=True,
)
RECEIVABLES = Bench(
    "receivables",
    "Receivables",
    "tests.bench.receivables.measure:measure_receivables",
    (
        Line("Ageing, first page, p95", "ms", at_most=300),
        Line("Ageing dated up to a day 200 days ago, p95", "ms", "floor", at_most=2, of="× today"),
        Line("Ageing known on a day 200 days ago, p95", "ms", "floor", at_most=2, of="× today"),
        Line("Receivable account at the foot of ageing, p95", "ms"),
        Line("Statement, p95", "ms", at_most=300),
        Line("Statement of a day 200 days ago, p95", "ms", at_most=300),
        Line("Memory of the process that showed receivables", "MB", at_most=MEMORY_MB),
        Line("Rows of a bank's file, read, matched and booked", "rows/s", at_least=333),
        Line("Reminders, made and sent", "reminders/s"),
        Line("Memory for the last nine tenths of a reminder run", "MB", at_most=20),
    ),
    needs_redis=True,
)
PORTAL = Bench(
    "portal",
    "Portal",
    "tests.bench.portal.measure:measure_portal",
    (
        *(Line(f"{page}, p95", "ms", at_most=200) for page in PORTAL_PAGES),
        Line("First paint on a slow phone, the slowest page", "s", at_most=1),
        Line("Seal the proof of a month", "s", at_most=20),
        Line("Memory that sealing needed", "MB", at_most=MEMORY_MB),
        Line("Verify it with verify.py", "s", at_most=10),
        Line("Memory of verify.py", "MB", at_most=MEMORY_MB),
    ),
    needs_redis=True,
)
FILES = Bench(
    "files",
    "Files",
    "tests.bench.files.measure:measure_files",
    (
        Line("Rows of a CSV file, mapped and stored", "rows/s", "floor", at_least=0.5, of="× the API's batches"),
        Line("Rows of a CSV file, dry run", "rows/s", at_least=5_556),
        Line("Memory of the worker after a dry run", "MB", at_most=200),
        Line("A large CSV file, read and mapped", "MB/s"),
        Line("Memory of the worker that read the CSV file", "MB", at_most=200),
        Line("Rows of a workbook, read by its process and mapped", "rows/s"),
        Line("Memory of the process that reads a workbook", "MB"),
        Line("Memory of the worker meanwhile", "MB", at_most=200),
        Line("A JSON list, read", "MB/s"),
        Line("Memory of the worker that read the list", "MB", at_most=200),
    ),
)
BENCHES = (
    *(RATING, ROLL_UP, INTAKE, SIMULATION, RUN, CLOSE, PAPER, LISTS, REPORTS, SUMMARIES, EXPORTS, RECEIVABLES),
    *(PORTAL, FILES, GROWING, HOSTS),
)
