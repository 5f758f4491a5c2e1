"""`manage.py import_leads FILE --source CODE`: import a local or remote file through the same intake as the API."""

import json
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from billing_engine.core.errors import Refused
from leads.domain.body.parcel import Lines, Parcel, Placed
from leads.domain.faults import Malformed
from leads.domain.files.fetched import fetched, is_address
from leads.domain.files.parts import LeadsFile, Part
from leads.domain.imports.dry_run.run import DryRun
from leads.domain.imports.tally import Tally
from leads.domain.intake.read import read_leads
from leads.domain.intake.receipt import CONFLICT, CREATED, DUPLICATE, QUARANTINED, Receipt
from leads.domain.intake.receive import receive
from leads.domain.mapping.active import active_converter
from leads.domain.mapping.doors import FILES
from leads.domain.mapping.language.converter import Converter
from leads.models import Source
from leads.models.delivery import OUTCOMES

ALWAYS_TOLD = (CREATED, DUPLICATE, QUARANTINED)  # the others only if there are any
TRIED = 5


class Command(BaseCommand):
    """Stores each part of the file before reading the next; it can be stopped and restarted, and nothing counts twice."""

    help = "Import leads from a JSON, NDJSON or CSV file (CSV by the source's mapping)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="Path or URL (https://…) of the file.")
        parser.add_argument("--source", required=True, metavar="CODE")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help=f"Read all of the file, print the first {TRIED} leads, each outcome and each fault; store nothing.",
        )

    def handle(self, *args: Any, file: str, source: str, dry_run: bool = False, **options: Any) -> None:
        sender = Source.objects.filter(code__iexact=source).first()
        if sender is None:
            raise CommandError(f"There is no source {source!r}.")
        if not is_address(file):
            return self._import(Path(file), sender, dry_run=dry_run)
        try:
            with fetched(file) as path:
                self._import(path, sender, dry_run=dry_run)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal

    def _import(self, file: Path, sender: Source, *, dry_run: bool) -> None:
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        try:
            converter = active_converter(sender, door=FILES)
            leads = LeadsFile(file, converter)
            if dry_run:
                self._try(leads, file, sender)
                _check_found(converter)
                return
            counts = self._take(leads, file, sender)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        if not _stored(counts):
            held = sum(counts[f"leads_{outcome}"] for outcome in (QUARANTINED, CONFLICT))
            raise CommandError(f"Nothing was stored: {held:,} of {counts['leads_received']:,} leads are in quarantine.")

    def _take(self, leads: LeadsFile, file: Path, source: Source) -> Counter[str]:
        tally = Tally()
        try:
            for part in self._with_progress(leads, file):
                receipt = receive(
                    source,
                    parcel=Parcel(part.items, lines=part.lines),
                    body=part.body,
                    content_type=part.content_type,
                    received_at=now(),
                    name=file.name,
                )
                tally.add(part.items, receipt.results, counts=receipt.counts(), lines=part.lines)
        finally:
            # Also when interrupted: what was stored so far stays.
            self._tell(leads, tally)
        return tally.counts

    def _try(self, leads: LeadsFile, file: Path, source: Source) -> None:
        """Read all of the file as if it were stored, and print the first leads as the mapping converts them."""
        tally, run, first = Tally(), DryRun(source, at=now()), list[Placed]()
        for part in self._with_progress(leads, file):
            first += part.items[: TRIED - len(first)]
            results = run.results(Parcel(part.items, lines=part.lines))
            tally.add(part.items, results, counts=Receipt(0, results).counts(), lines=part.lines)
        for placed in first:
            self._print(placed, source)
        self._tell(leads, tally)
        for fault in tally.as_json()["faults"]:
            self.stdout.write(_of_fault(fault))
        self.stdout.write("Dry run: nothing was stored.")

    def _with_progress(self, leads: LeadsFile, file: Path) -> Iterator[Part]:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as progress:
            bar = progress.add_task(f"{file.name}, bytes", total=leads.size)
            for part in leads.parts():
                yield part
                progress.update(bar, total=leads.size, completed=part.position.at)

    def _tell(self, leads: LeadsFile, tally: Tally) -> None:
        if leads.reading is not None:
            self.stderr.write(leads.reading.in_words)
        if not tally.counts and leads.lines is None:
            return
        for words in leads.notices.in_words():
            self.stderr.write(self.style.WARNING(words))
        if leads.lines is not None:
            self.stdout.write(_sum_of_lines(leads.lines))
        for kind in ("leads", "actions"):
            self.stdout.write(_sum(kind, tally.counts))

    def _print(self, placed: Placed, source: Source) -> None:
        [read] = read_leads([placed], received_at=now(), default_country=source.default_country)
        content = placed.item.content if isinstance(placed.item, Malformed) else placed.item
        self.stdout.write(f"{placed.pointer} {json.dumps(content, ensure_ascii=False, default=str)}")
        for result in (read.result, *(action.result for action in read.actions)):
            if result.fault and result.fault.code != "lead_quarantined":
                place = (result.pointer + result.fault.pointer).removeprefix(placed.pointer)
                self.stdout.write(self.style.ERROR(f"  {result.fault.code} {place}: {result.fault.message}"))


def _check_found(converter: Converter | None) -> None:
    """Refuse a mapping with a field that found nothing in any record."""
    never = [one for one in (converter.found if converter else ()) if one.is_never_there]
    if never:
        told = ", ".join(f"{one.field} ({one.expression}, in none of {one.of:,} records)" for one in never)
        raise CommandError(f"The mapping finds nothing for {told}. Correct it, or give the field a default.")


def _of_fault(fault: Mapping[str, Any]) -> str:
    """One kind of fault: how many, at which places, and the first message."""
    places, more = ", ".join(fault["places"]), fault["count"] - len(fault["places"])
    told = f"{places} and {more:,} more" if more > 0 else places
    where = f" {fault['field']}" if fault["field"] else ""
    return f"{fault['count']:,} {fault['code']}{where} (first at {told}): {fault['message']}"


def _stored(counts: Counter[str]) -> int:
    """Return how many leads are stored, now or before."""
    return sum(counts[f"leads_{outcome}"] for outcome in OUTCOMES if outcome not in (QUARANTINED, CONFLICT))


def _sum(kind: str, counts: Counter[str]) -> str:
    told = [outcome for outcome in OUTCOMES if outcome in ALWAYS_TOLD or counts[f"{kind}_{outcome}"]]
    parts = " + ".join(f"{counts[f'{kind}_{outcome}']:,} {outcome}" for outcome in told)
    return f"{kind}: {counts[f'{kind}_received']:,} received = {parts}"


def _sum_of_lines(lines: Lines) -> str:
    return f"lines: {lines.read:,} read = {lines.taken:,} taken + {lines.blank:,} blank + {lines.refused:,} refused"
