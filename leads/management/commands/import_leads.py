"""`manage.py import_leads FILE --source CODE`: a file through the same intake as HTTP."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from billing_engine.core.errors import Refused
from leads.domain.files import parts_of
from leads.domain.intake import receive_items
from leads.domain.receipt import CREATED, DUPLICATE, QUARANTINED
from leads.models import Source
from leads.models.delivery import OUTCOMES

ALWAYS_TOLD = (CREATED, DUPLICATE, QUARANTINED)  # the others where there are any


class Command(BaseCommand):
    """Each part of the file is stored before the next is read: stop it and start it again, nothing counts twice."""

    help = "Take leads from a JSON, NDJSON or CSV file (CSV by the source's field mapping)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", required=True, metavar="CODE")

    def handle(self, *args: Any, file: Path, source: str, **options: Any) -> None:
        sender = Source.objects.filter(code__iexact=source).first()
        if sender is None:
            raise CommandError(f"There is no source {source!r}.")
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        try:
            counts = self._take(file, sender)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        for kind in ("leads", "actions"):
            self.stdout.write(_sum(kind, counts))

    def _take(self, file: Path, source: Source) -> Counter[str]:
        counts: Counter[str] = Counter()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as progress:
            bar = progress.add_task(f"{file.name}, bytes", total=file.stat().st_size)
            for part in parts_of(file, source.field_mapping):
                receipt = receive_items(
                    source,
                    items=part.items,
                    body=part.body,
                    content_type=part.content_type,
                    received_at=now(),
                    name=file.name,
                )
                counts.update(receipt.counts())
                progress.update(bar, completed=part.reaches)
        return counts


def _sum(kind: str, counts: Counter[str]) -> str:
    told = [outcome for outcome in OUTCOMES if outcome in ALWAYS_TOLD or counts[f"{kind}_{outcome}"]]
    parts = " + ".join(f"{counts[f'{kind}_{outcome}']:,} {outcome}" for outcome in told)
    return f"{kind}: {counts[f'{kind}_received']:,} received = {parts}"
