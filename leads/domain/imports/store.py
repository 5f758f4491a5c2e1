"""Store a file part by part: each part, its delivery and the position reached are committed together."""

from datetime import datetime
from time import monotonic

from django.db import transaction

from billing_engine.core.saving import save_changes, values_of
from leads.domain.body.parcel import Parcel
from leads.domain.files.parts import Part
from leads.domain.files.reading import Position
from leads.domain.imports.content import opened, progress_in
from leads.domain.imports.tally import Tally
from leads.domain.intake.receive import receive
from leads.domain.quarantine.mended import WaitingItems, settle_mended
from leads.models import FileImport, FileImportPart

SECONDS_AT_A_TIME = 300  # then the rest is asked for again, so that no task reaches its time limit


def store(item: FileImport, *, at: datetime) -> bool:
    """Store the parts that are left, for some minutes; return whether more remain. Raises FileNotReadable."""
    began = monotonic()
    start = Position(item.position, item.line)
    waiting = WaitingItems(item.source)
    with opened(item, start=start) as file:
        for part in file.parts():
            if not _store_part(item, start, part, waiting, percent=progress_in(file, part), at=at):
                return False
            start = part.position
            if monotonic() - began > SECONDS_AT_A_TIME:
                return True
        notices = file.notices.in_words()
    _finish(item, notices, at=at)
    return False


@transaction.atomic
def _store_part(
    item: FileImport, start: Position, part: Part, waiting: WaitingItems, *, percent: int, at: datetime
) -> bool:
    """Store one part, all or nothing; return False if the import was stopped."""
    found = _still_importing(item)
    if found is None or (found.position, found.line) != start:
        return False
    before = values_of(found)
    receipt = receive(
        item.source,
        parcel=Parcel(part.items, lines=part.lines),
        body=part.body,
        content_type=part.content_type,
        received_at=at,
        name=item.name,
        idempotency_key=f"import-{item.pk}-{start.line}",
    )
    FileImportPart.objects.create(file_import=found, start=start.line, delivery_id=receipt.delivery_id)
    settle_mended(
        waiting, part.items, receipt, note=f"Corrected by the import of {item.name}.", by=found.asked_by, at=at
    )
    tally = Tally(found.result)
    tally.add(part.items, receipt.results, counts=receipt.counts(), lines=part.lines)
    found.result = tally.as_json()
    found.lines_read, found.lines_taken, found.lines_blank, found.lines_refused = tally.lines
    found.position, found.line = part.position
    found.percent, found.attempts = percent, 0
    save_changes(found, since=before)
    return True


@transaction.atomic
def _finish(item: FileImport, notices: list[str], *, at: datetime) -> None:
    found = _still_importing(item)
    if found is None:
        return
    before = values_of(found)
    found.state, found.finished_at, found.attempts, found.message = FileImport.State.DONE, at, 0, ""
    found.result = {**found.result, "notices": notices}
    save_changes(found, since=before)


def _still_importing(item: FileImport) -> FileImport | None:
    importing = FileImport.objects.filter(pk=item.pk, state=FileImport.State.IMPORTING)
    return importing.select_for_update(of=("self",)).first()
