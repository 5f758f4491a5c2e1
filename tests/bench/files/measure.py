"""Files of leads: how fast they are stored beside the API's batches, tried in a dry run, and how much memory that takes."""

import json
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import mkdtemp

from django.core.management import call_command

from leads.domain.body.parcel import Parcel
from leads.domain.files.parts import LEADS_AT_A_TIME, LeadsFile, Part
from leads.domain.imports.dry_run import DryRun
from leads.domain.intake.receive import receive
from leads.domain.mapping.active import active_converter
from leads.domain.mapping.doors import FILES
from leads.models import Lead, Source
from tests.bench.files import written
from tests.bench.measure import execute, say
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import Asked
from tests.bench.worker import forget_peak, peak_mb
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceMappingFactory

AT = datetime(2026, 11, 2, tzinfo=UTC)


def measure_files(asked: Asked) -> Outcome:
    """Store rows of a file and the same leads as bodies, in turn; then the dry run, a workbook and a list."""
    call_command("migrate", verbosity=0)
    stored, tried = asked.sized(1_000, 10_000, 50_000), asked.sized(1_000, 100_000, 1_000_000)
    in_workbook, megabytes = asked.sized(1_000, 50_000, 500_000), asked.sized(1, 100, 1_000)
    source = _source()
    folder = Path(mkdtemp(dir=asked.folder.path if asked.folder.path.is_dir() else None))
    try:
        by_file, by_api = _stored(source, folder, stored, asked.rounds)
        dry = _dry_run(source, written.csv_file(folder / "tried.csv", 10_000_000, tried))
        book = _workbook(source, written.workbook(folder / "book.xlsx", in_workbook))
        listed = _read(LeadsFile(written.json_list(folder / "list.json", megabytes), None))
    finally:
        shutil.rmtree(folder)
    child_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return Outcome(
        f"Eight columns, one lead with one action a row: {stored:,} rows stored, {tried:,} tried, {in_workbook:,} in a workbook,"
        f" {megabytes:,} MB of JSON.",
        {
            "Rows of a CSV file, mapped and stored": Measured(stored / by_file, stored / by_api),
            "Rows of a CSV file, dry run": Measured(tried / dry[0]),
            "Memory of the worker after a dry run": Measured(dry[1]),
            "Rows of a workbook, read by its process and mapped": Measured(in_workbook / book[0]),
            "Memory of the process that reads a workbook": Measured(child_mb),
            "Memory of the worker meanwhile": Measured(book[1]),
            "A JSON list, read": Measured(megabytes / listed[0]),
            "Memory of the worker that read the list": Measured(listed[1]),
        },
        [
            f"The API's batches are the same leads as JSON bodies of {LEADS_AT_A_TIME} in the same process, without HTTP.",
            f"The dry run took {dry[0]:,.1f} s, the workbook {book[0]:,.1f} s, the list {listed[0]:,.1f} s. 1,000,000 rows in"
            " three minutes are 5,556 rows a second.",
        ],
    )


def _source() -> Source:
    customer = CustomerFactory.create(code="BENCH", time_zone="Europe/Berlin")
    ActionTypeFactory.create(code="web_visit")
    for number in range(written.PRODUCTS):
        ProductFactory.create(customer=customer, sku=f"SKU-{number}")
    return SourceMappingFactory.create(source__code="bench", document=written.MAPPING).source


def _stored(source: Source, folder: Path, count: int, rounds: int) -> tuple[float, float]:
    """Return the median seconds of storing so many rows of a file, and so many leads as bodies."""
    by_file, by_api = list[float](), list[float]()
    for turn in range(rounds):
        say(f"storing {count:,} rows and {count:,} leads, round {turn + 1}")
        first = 2 * turn * count
        path = written.csv_file(folder / f"{turn}.csv", first, count)
        by_file.append(_timed(lambda path=path: [_receive(source, part) for part in _file(source, path).parts()]))
        bodies = list(_bodies(first + count, count))
        by_api.append(_timed(lambda bodies=bodies: [_receive_body(source, body) for body in bodies]))
        if Lead.objects.count() != 2 * (turn + 1) * count:
            raise RuntimeError("Not every row was stored.")
        execute("VACUUM ANALYZE")
    return median(by_file), median(by_api)


def _bodies(first: int, count: int) -> Iterator[bytes]:
    leads = [written.lead_of(row) for row in written.rows(first, count)]
    for start in range(0, count, LEADS_AT_A_TIME):
        yield json.dumps(leads[start : start + LEADS_AT_A_TIME]).encode()


def _file(source: Source, path: Path) -> LeadsFile:
    return LeadsFile(path, active_converter(source, door=FILES))


def _receive(source: Source, part: Part) -> None:
    parcel = Parcel(part.items, lines=part.lines)
    receive(source, parcel=parcel, body=part.body, content_type=part.content_type, received_at=AT, name="bench.csv")


def _receive_body(source: Source, body: bytes) -> None:
    receive(source, body=body, content_type="application/json", received_at=AT)


def _dry_run(source: Source, path: Path) -> tuple[float, float]:
    say("trying a file")
    run = DryRun(source, at=AT)
    forget_peak()
    seconds = _timed(lambda: [len(run.results(Parcel(part.items))) for part in _file(source, path).parts()])
    return seconds, peak_mb()


def _workbook(source: Source, path: Path) -> tuple[float, float]:
    say("reading a workbook")
    return _read(_file(source, path))


def _read(leads: LeadsFile) -> tuple[float, float]:
    forget_peak()
    return _timed(lambda: [len(part.items) for part in leads.parts()]), peak_mb()


def _timed(does: Callable[[], object]) -> float:
    started = time.perf_counter()
    does()
    return time.perf_counter() - started
