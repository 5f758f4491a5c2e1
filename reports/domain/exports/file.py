"""The file of an export: parts in the database, where every server finds it and no web address leads to it."""

import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db import transaction

from billing_engine.core.deeds.record import deed_of, record_all
from billing_engine.core.deeds.verbs import Verb
from reports.models import Export, ExportPart

EXPORT_EXPIRED = Verb("export_expired", "Export expired")

KEPT_FOR = timedelta(days=7)
PART_BYTES = 4 * 1024 * 1024
FAST = 1  # level of zlib: a CSV becomes a fifth, and what is compressed already costs little
EXPIRED_TOGETHER = 100


def parts_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks as parts of a few megabytes."""
    part = bytearray()
    for chunk in chunks:
        part += chunk
        if len(part) >= PART_BYTES:
            yield bytes(part)
            part.clear()
    if part:
        yield bytes(part)


def keep(export: Export, number: int, part: bytes) -> None:
    """Store a part; the caller has locked the export."""
    ExportPart.objects.create(export=export, number=number, content=zlib.compress(part, FAST))


def content_of(export: Export) -> Iterator[bytes]:
    """Read the parts one by one, so that a large file needs the memory of one."""
    numbers = export.parts.order_by("number").values_list("number", flat=True)
    for number in list(numbers):
        part = export.parts.get(number=number)
        yield zlib.decompress(part.content)


def forget(export: Export) -> None:
    """Delete the parts; the caller has locked the export."""
    export.parts.all().delete()


@transaction.atomic
def expire(*, at: datetime) -> int:
    """Delete the files whose days are over; the exports stay and say so. Return how many."""
    due = Export.objects.filter(state=Export.State.DONE, expires_at__lte=at).order_by("expires_at")
    found = list(due.select_for_update(of=("self",), skip_locked=True)[:EXPIRED_TOGETHER])
    ExportPart.objects.filter(export__in=found).delete()
    Export.objects.filter(pk__in=[export.pk for export in found]).update(state=Export.State.EXPIRED)
    record_all(deed_of(EXPORT_EXPIRED, on=export, by=None) for export in found)
    return len(found)
