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
from tests.bench.measure import execute, say, value
from tests.bench.run.company import build
from tests.bench.run.worker import AT, share_out
from tests.bench.table import _against as against
from tests.bench.table import setting
from tests.bench.worker import work
from tests.bench.world import MONTH

CUSTOMERS, FEW = 1_000, 100
WORKERS = 2
AIM = 0.5
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
    billed: list[float] = field(default_factory=list)
    issued: list[float] = field(default_factory=list)


def measure_run(*, quick: bool, rounds: int) -> None:
    """Everything, on the database of the settings; its Redis takes the messages, and no worker reads them."""
    call_command("migrate", verbosity=0)
    User.objects.create(username="olga")
    figures = Figures(FEW if quick else CUSTOMERS)
    _load(figures)
    for number in range(1, rounds + 1):
        _round(figures, f"round {number} of {rounds}")
    _print(figures)


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
    _bill(figures)
    execute(f"CREATE TABLE {LINES} AS SELECT * FROM invoices_invoiceline")
    execute(f"CREATE TABLE {FLOOR} (LIKE invoices_invoiceline)")
    figures.lines = value(f"SELECT count(*) FROM {LINES}")
    _forget()


def _round(figures: Figures, words: str) -> None:
    say(f"{words}: the floor")
    execute(f"TRUNCATE {FLOOR}", "CHECKPOINT")
    figures.grouped.append(_seconds(GROUPED))
    figures.inserted.append(_seconds(f"INSERT INTO {FLOOR} SELECT * FROM {LINES}"))
    say(f"{words}: to draft")
    begun, billed = _bill(figures)
    figures.started.append(begun)
    figures.billed.append(billed)
    say(f"{words}: on to issued")
    invoices = list(Invoice.objects.order_by("pk").values_list("pk", flat=True))
    figures.issued.append(share_out("issue", invoices, workers=WORKERS))
    if Invoice.objects.exclude(number=None).count() != figures.customers:
        raise RuntimeError("Not every customer has an issued invoice.")
    _forget()


def _bill(figures: Figures) -> tuple[float, float]:
    """Seconds to start the run, and until its last customer is billed."""
    begun = time.perf_counter()
    run = start(MONTH, by=None, at=AT)
    items = list(run.items.order_by("pk").values_list("pk", flat=True))
    begun = time.perf_counter() - begun
    seconds = share_out("bill", items, workers=WORKERS)
    if progress(run).billed != figures.customers:
        raise RuntimeError(f"Not every customer was billed: {progress(run)}")
    return begun, seconds


def _forget() -> None:
    """Reset to before the run: no invoices, all periods open."""
    execute("TRUNCATE invoices_invoice, invoices_billingrun, invoices_numberseries, pricing_periodterms CASCADE")
    BillingPeriod.objects.update(state="open", closed_at=None)
    execute("DELETE FROM leads_unratedmark", "VACUUM ANALYZE leads_billingperiod", "CHECKPOINT")


def _seconds(statement: str) -> float:
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(statement)
        if cursor.description:
            cursor.fetchall()
    return time.perf_counter() - started


def _print(figures: Figures) -> None:
    floor = median(figures.grouped) + median(figures.inserted)
    drafted = median(figures.started) + median(figures.billed)
    issued = drafted + median(figures.issued)
    print(f"\n{figures.customers:,} customers, {figures.charges:,} charges, {figures.lines:,} lines; {WORKERS} workers")
    print(
        f"{setting()}\nMedians of {len(figures.billed)} rounds. PDFs are not part of it: they are rendered after commit."
    )
    print(f"\n{'':44}{'seconds':>10}{'of the floor':>14}{'customers/s':>13}{'aim':>18}")
    rows = (
        ("the floor: charges grouped", median(figures.grouped), None),
        ("the floor: and their lines inserted", floor, None),
        ("start: an item and a message each", median(figures.started), None),
        ("to draft: started, rated, closed, drafted", drafted, AIM),
        ("approved and issued", median(figures.issued), None),
        ("on to issued, all together", issued, AIM),
    )
    for name, seconds, aim in rows:
        ratio = floor / seconds
        held = "" if aim is None else against(ratio, aim)
        print(f"{name:44}{seconds:>10.2f}{ratio:>14.3f}{figures.customers / seconds:>13,.0f}{held:>18}")
