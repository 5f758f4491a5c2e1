"""Files of leads: how fast they are stored beside the API's batches, tried in a dry run, and how much memory that takes."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median
from tempfile import mkdtemp

from django.core.management import call_command

from leads.domain.body.parcel import Parcel
from leads.domain.files.parts import LEADS_AT_A_TIME, LeadsFile, Part
from leads.domain.files.sheets.bounds import MEMORY_BYTES, SECONDS
from leads.domain.files.sheets.process import CHILD
from leads.domain.intake.receive import receive
from leads.domain.mapping.active import active_converter
from leads.domain.mapping.doors import FILES
from leads.models import Lead, Source
from tests.bench.files import written
from tests.bench.files.reader import AT, READ, READ_LEADS, TRY, read_apart
from tests.bench.measure import execute, say
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import Asked
from tests.bench.worker import peak_mb
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceMappingFactory


def measure_files(asked: Asked) -> Outcome:
    """Store rows of a file and the same leads as bodies, in turn; then the dry run, a workbook and a list."""
    call_command("migrate", verbosity=0)
    stored, tried = asked.sized(1_000, 5_000, 50_000), asked.sized(1_000, 100_000, 1_000_000)
    in_workbook, megabytes = asked.sized(1_000, 10_000, 500_000), asked.sized(1, 20, 1_000)
    source = _source()
    folder = Path(mkdtemp(dir=asked.folder.path if asked.folder.path.is_dir() else None))
    try:
        by_file, by_api = _stored(source, folder, stored, asked.rounds)
        say("trying a file")
        dry = read_apart(written.csv_file(folder / "tried.csv", 10_000_000, tried), TRY)
        say("reading a large file")
        large = read_apart(written.csv_of(folder / "large.csv", megabytes), READ)
        (folder / "large.csv").unlink()
        say("reading a workbook")
        path = written.workbook(folder / "book.xlsx", in_workbook)
        book = read_apart(path, READ)
        child_mb = _child_mb(path)
        say("reading a list")
        listed = read_apart(written.json_list(folder / "list.json", megabytes), READ_LEADS)
    finally:
        shutil.rmtree(folder)
    return Outcome(
        f"Eight columns, one lead with one action a row: {stored:,} rows stored, {tried:,} tried, {in_workbook:,} in a workbook,"
        f" {megabytes:,} MB of CSV and of JSON.",
        {
            "Rows of a CSV file, mapped and stored": Measured(stored / by_file, stored / by_api),
            "Rows of a CSV file, dry run": Measured(tried / dry.seconds),
            "Memory of the worker after a dry run": Measured(dry.peak_mb),
            "A large CSV file, read and mapped": Measured(megabytes / large.seconds),
            "Memory of the worker that read the CSV file": Measured(large.peak_mb),
            "Rows of a workbook, read by its process and mapped": Measured(in_workbook / book.seconds),
            "Memory of the process that reads a workbook": Measured(child_mb),
            "Memory of the worker meanwhile": Measured(book.peak_mb),
            "A JSON list, read": Measured(megabytes / listed.seconds),
            "Memory of the worker that read the list": Measured(listed.peak_mb),
        },
        [
            f"The API's batches are the same leads as JSON bodies of {LEADS_AT_A_TIME} in the same process, without HTTP.",
            f"The dry run took {dry.seconds:,.1f} s (busy {dry.cpu:,.1f} s without PostgreSQL), the large file"
            f" {large.seconds:,.1f} s, the workbook {book.seconds:,.1f} s, the list {listed.seconds:,.1f} s."
            " 1,000,000 rows in three minutes are 5,556 rows a second.",
            f"A worker that has read nothing yet has {dry.at_rest_mb:,.0f} MB.",
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


def _child_mb(path: Path) -> float:
    """The peak of the process that reads the workbook, looked at while it runs."""
    asked = {"path": str(path), "sheet": "", "header": 1, "is_look": False, "seconds": SECONDS, "memory": MEMORY_BYTES}
    with subprocess.Popen([sys.executable, "-m", CHILD, json.dumps(asked)], stdout=subprocess.DEVNULL) as process:
        peak = 0.0
        while process.poll() is None:
            with suppress(OSError, IndexError):  # it has just ended
                peak = peak_mb(process.pid)
            time.sleep(0.02)
    return peak


def _timed(does: Callable[[], object]) -> float:
    started = time.perf_counter()
    does()
    return time.perf_counter() - started
