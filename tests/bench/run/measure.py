"""A billing run, to drafts and to issued invoices, compared with grouping its charges once and inserting plain lines."""

import time
from dataclasses import dataclass, field
from statistics import median

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from invoices.domain.run.billing_run import progress, start
from invoices.models import Invoice
from leads.models import BillingPeriod
from tests.bench.measure import execute, say, truncate, value, without_triggers
from tests.bench.reading import reading
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import Asked
from tests.bench.run.company import build
from tests.bench.run.worker import AT, share_out
from tests.bench.worker import Work, work
from tests.bench.world import MONTH

# Fifty customers are billed together: among a hundred they would be half of all rows, and be found by reading them all.
TINY, FEW, CUSTOMERS = 10, 400, 1_000
WORKERS = 2
LINES, FLOOR = "bench_lines", "bench_floor_lines"
# The content of all invoice lines, in one statement.
GROUPED = """
    SELECT action.period_id, lead.product_id, action.action_type_id, charge.rule_id, charge.reason,
           count(*), sum(action.quantity), sum(charge.amount), sum(charge.full_amount)
      FROM leads_action action
      JOIN pricing_charge charge ON charge.action_id = action.id
      JOIN leads_lead lead ON lead.id = action.lead_id
     GROUP BY 1, 2, 3, 4, 5
"""


@dataclass
class Figures:
    """The measured values in seconds, one per round."""

    customers: int
    charges: int = 0
    lines: int = 0
    grouped: list[float] = field(default_factory=list)
    inserted: list[float] = field(default_factory=list)
    started: list[float] = field(default_factory=list)
    billed: list[Work] = field(default_factory=list)
    issued: list[Work] = field(default_factory=list)
    read_whole: str = ""


def measure_run(asked: Asked) -> Outcome:
    """Everything, on the database of the settings; its Redis takes the messages, and no worker reads them."""
    call_command("migrate", verbosity=0)
    User.objects.create(username="olga")
    figures = Figures(asked.sized(TINY, FEW, CUSTOMERS))
    _load(figures)
    for number in range(1, asked.floors + 1):
        words = f"round {number} of {asked.floors}"
        _floor(figures, words)
        if number <= asked.rounds:
            _round(figures, words)
    return _outcome(figures)


def _load(figures: Figures) -> None:
    say(f"loading {figures.customers:,} customers")
    world, periods = build(figures.customers)
    world.load_evenly(periods)
    execute("ANALYZE")
    say("rating them")
    numbers = [period.pk for period in periods]
    work([numbers[::2], numbers[1::2]])
    figures.charges = value("SELECT count(*) FROM pricing_charge")
    execute("VACUUM ANALYZE")
    say("once to warm up")
    with reading() as read:
        bill_all(figures.customers)
    figures.read_whole = read.words()
    execute(f"CREATE TABLE {LINES} AS SELECT * FROM invoices_invoiceline")
    execute(f"CREATE TABLE {FLOOR} (LIKE invoices_invoiceline)")
    figures.lines = value(f"SELECT count(*) FROM {LINES}")
    forget()


def _floor(figures: Figures, words: str) -> None:
    say(f"{words}: the floor")
    execute(f"TRUNCATE {FLOOR}", "CHECKPOINT")
    figures.grouped.append(_seconds(GROUPED))
    figures.inserted.append(_seconds(f"INSERT INTO {FLOOR} SELECT * FROM {LINES}"))


def _round(figures: Figures, words: str) -> None:
    say(f"{words}: to draft")
    begun, billed = bill_all(figures.customers)
    figures.started.append(begun)
    figures.billed.append(billed)
    say(f"{words}: on to issued")
    invoices = list(Invoice.objects.order_by("pk").values_list("pk", flat=True))
    figures.issued.append(share_out("issue", invoices, workers=WORKERS))
    if Invoice.objects.exclude(number=None).count() != figures.customers:
        raise RuntimeError("Not every customer has an issued invoice.")
    forget()


def bill_all(customers: int) -> tuple[float, Work]:
    """Seconds to start the run, and the work until its last customer is billed."""
    begun = time.perf_counter()
    run = start(MONTH, by=None, at=AT)
    items = list(run.items.order_by("pk").values_list("pk", flat=True))
    begun = time.perf_counter() - begun
    done = share_out("bill", items, workers=WORKERS)
    if progress(run).billed != customers:
        raise RuntimeError(f"Not every customer was billed: {progress(run)}")
    return begun, done


def forget() -> None:
    """Reset to before the run: no invoices, all periods open."""
    truncate("invoices_invoice", "invoices_billingrun", "invoices_numberseries", "pricing_periodterms")
    with without_triggers():
        BillingPeriod.objects.update(state="open", closed_at=None)
    execute("DELETE FROM leads_unratedmark", "VACUUM ANALYZE leads_billingperiod", "CHECKPOINT")


def _seconds(statement: str) -> float:
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(statement)
        if cursor.description:
            cursor.fetchall()
    return time.perf_counter() - started


def _outcome(figures: Figures) -> Outcome:
    grouped, inserted = median(figures.grouped), median(figures.inserted)
    begun, billed = median(figures.started), median(each.seconds for each in figures.billed)
    issued = median(each.seconds for each in figures.issued)
    floor = figures.customers / (grouped + inserted)
    return Outcome(
        f"{figures.customers:,} customers, {figures.charges:,} charges, {figures.lines:,} lines.",
        {
            "Run to draft, two workers": Measured(figures.customers / (begun + billed), floor),
            "Approve and issue, two workers": Measured(figures.customers / issued, floor),
            "Run to issued, two workers": Measured(figures.customers / (begun + billed + issued), floor),
            "Memory of a worker that drafted": Measured(max(each.peak_mb for each in figures.billed)),
            "Memory of a worker that issued": Measured(max(each.peak_mb for each in figures.issued)),
        },
        [
            f"The floor: all charges grouped by line in one statement ({grouped:.2f} s), and the finished lines inserted "
            f"({inserted:.2f} s).",
            f"Starting the run, an item and a message each, takes {begun:.2f} s of it. PDFs are rendered after commit and "
            "are not part of it.",
            f"Floors are medians of {len(figures.grouped)}, the rest of {len(figures.billed)}.",
            figures.read_whole,
        ],
    )
