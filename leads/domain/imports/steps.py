"""What a person decides about an import: try it, store it, stop, resume, undo or discard it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.saving import save_changes, values_of
from leads.domain.files.header import missing
from leads.domain.files.reading import Kind
from leads.domain.imports.content import look_at, reading_of, set_found
from leads.domain.imports.dates import check_dates_are_answered
from leads.domain.imports.kept_files import FileGone, forget, on_disk
from leads.domain.imports.mappings import in_force, snapshot
from leads.domain.imports.queue import FILE_IMPORTS
from leads.domain.imports.tally import Tally
from leads.domain.imports.undo import ImportBilled, billed_period
from leads.domain.imports.upload import SourceInactive
from leads.domain.mapping.active import active_converter
from leads.domain.mapping.doors import FILES
from leads.models import FileImport
from leads.models.file_import import BUSY

READING_CORRECTED = Verb("import_reading_corrected", "Corrected how a file is read")
IMPORT_TRIED = Verb("file_import_tried", "Dry run started")
IMPORT_STARTED = Verb("file_import_started", "Import started")
IMPORT_STOPPED = Verb("file_import_stopped", "Import stopped")
IMPORT_RESUMED = Verb("file_import_resumed", "Import resumed")
UNDO_STARTED = Verb("file_import_undo_started", "Undo started")
IMPORT_DISCARDED = Verb("file_import_discarded", "File discarded")

State = FileImport.State
TABLES = (Kind.TABLE, Kind.WORKBOOK)
TO_TRY = (State.LOOKED, State.READY)
BROKEN_OFF = (State.STOPPED, State.FAILED)
STORED = (State.DONE, *BROKEN_OFF)


class ImportNotNow(Refused):
    """The import is not in a state for this."""

    code = "file_import_not_now"
    message = "The import has moved on. Load the page again."


class MappingMissing(Refused):
    """A table needs a mapping, which says what its columns are."""

    code = "mapping_missing"
    message = "This source has no mapping for files. Say first which column is what."


class NothingToStore(Refused):
    """An import of which nothing could be stored."""

    code = "nothing_to_store"
    message = "Nothing in this file could be stored. Correct the mapping or the file first."


def check_may_be_tried(item: FileImport, _by: User) -> None:
    """Raise ImportNotNow, FileGone, SourceInactive, MappingMissing or DatesNotAnswered."""
    _check(item, TO_TRY)
    if reading_of(item).kind in TABLES and not in_force(item.source):
        raise MappingMissing
    check_dates_are_answered(item)


def check_may_be_stored(item: FileImport, _by: User) -> None:
    """Raise ImportNotNow, FileGone, SourceInactive or NothingToStore."""
    _check(item, (State.READY,))
    if not Tally(item.dry_run).stored:
        raise NothingToStore


def check_may_be_resumed(item: FileImport, _by: User) -> None:
    """Raise ImportNotNow, FileGone or SourceInactive."""
    _check(item, BROKEN_OFF)


def check_may_be_undone(item: FileImport, _by: User) -> None:
    """Raise ImportNotNow or ImportBilled."""
    if item.state not in STORED:
        raise ImportNotNow
    if period := billed_period(item):
        raise ImportBilled(period)


def may_be_discarded(item: FileImport) -> bool:
    """Whether nothing of it was stored, so that its bytes can go."""
    return item.state in TO_TRY


def correct_reading(item: FileImport, *, by: User, **corrections: Any) -> None:
    """Read the file in another way than was found, and look at it again. Raises ImportNotNow or FileNotReadable."""
    with on_disk(item.kept_as, called=item.name) as path, transaction.atomic():
        found = _locked(item)
        _check(found, TO_TRY)
        before = values_of(found)
        corrected = replace(reading_of(found), **corrections)
        set_found(found, look_at(path, name=found.name, source=found.source, corrected=corrected))
        found.state, found.dry_run, found.message = State.LOOKED, {}, ""
        save_changes(found, since=before)
        was, now = ({name: row[name] for name in corrections} for row in (before["reading"], found.reading))
        record(READING_CORRECTED, on=found, by=by, before=was, after=now)


def start_dry_run(item: FileImport, *, by: User) -> None:
    """Let a worker try all of the file. Raises what `check_may_be_tried` does."""
    _look_again(item)
    _start_dry_run(item, by=by)


@transaction.atomic
def _look_again(item: FileImport) -> None:
    """Find the header of a table whose mapping was saved after the upload; if it isn't found, nothing changes."""
    found = _locked(item)
    if found.state not in TO_TRY or not found.kept_as or reading_of(found).kind not in TABLES:
        return
    converter = active_converter(found.source, door=FILES)
    if converter is None or not missing(converter, found.found.get("columns", [])):
        return
    with on_disk(found.kept_as, called=found.name) as path:
        seen = look_at(path, name=found.name, source=found.source)
    if not missing(converter, seen.columns):
        set_found(found, seen)
        found.save(update_fields=["reading", "found"])


@transaction.atomic
def _start_dry_run(item: FileImport, *, by: User) -> None:
    found = _locked(item)
    check_may_be_tried(found, by)
    found.mapping = snapshot(found.source)
    found.save(update_fields=["mapping"])
    _begin(found, State.DRY_RUNNING, by=by, percent=0, dry_run={})
    record(IMPORT_TRIED, on=found, by=by, also=[found.source])


@transaction.atomic
def start_import(item: FileImport, *, by: User, at: datetime) -> None:
    """Let a worker store the file. Raises what `check_may_be_stored` does."""
    found = _locked(item)
    check_may_be_stored(found, by)
    _begin(found, State.IMPORTING, by=by, percent=0, started_at=at)
    record(IMPORT_STARTED, on=found, by=by, after={"leads": found.dry_run["counts"]}, also=[found.source])


@transaction.atomic
def stop(item: FileImport, *, by: User) -> None:
    """Stop the dry run or the import; what is stored stays stored. Raises ImportNotNow."""
    found = _locked(item)
    if not may_be_stopped(found):
        raise ImportNotNow
    before = values_of(found)
    found.state = State.LOOKED if found.state == State.DRY_RUNNING else State.STOPPED
    found.attempts, found.message = 0, ""
    save_changes(found, since=before)
    record(IMPORT_STOPPED, on=found, by=by, after={"lines_read": found.lines_read}, also=[found.source])


def may_be_stopped(item: FileImport) -> bool:
    """Whether a worker has it, and what it does can end in the middle."""
    return item.state in BUSY and item.state != State.UNDOING


@transaction.atomic
def resume(item: FileImport, *, by: User) -> None:
    """Let a worker store the rest. Raises what `check_may_be_resumed` does."""
    found = _locked(item)
    check_may_be_resumed(found, by)
    _begin(found, State.IMPORTING, by=by)
    record(IMPORT_RESUMED, on=found, by=by, after={"lines_read": found.lines_read}, also=[found.source])


@transaction.atomic
def undo(item: FileImport, *, by: User) -> None:
    """Let a worker void what it stored, all of it or nothing. Raises what `check_may_be_undone` does."""
    found = _locked(item)
    check_may_be_undone(found, by)
    _begin(found, State.UNDOING, by=by)
    record(UNDO_STARTED, on=found, by=by, also=[found.source])


@transaction.atomic
def discard(item: FileImport, *, by: User) -> None:
    """Delete the bytes of a file of which nothing was stored. Raises ImportNotNow."""
    found = _locked(item)
    if not may_be_discarded(found):
        raise ImportNotNow
    before, names = values_of(found), [found.kept_as, found.faulty_as]
    found.state, found.kept_as, found.faulty_as, found.dry_run = State.DISCARDED, "", "", {}
    found.found = {**found.found, "rows": []}
    save_changes(found, since=before)
    record(IMPORT_DISCARDED, on=found, by=by, also=[found.source])
    transaction.on_commit(lambda: forget(*names))


def _check(item: FileImport, states: tuple[str, ...]) -> None:
    if item.state not in states:
        raise ImportNotNow
    if not item.kept_as:
        raise FileGone
    if not item.source.is_active:
        raise SourceInactive


def _begin(item: FileImport, state: str, *, by: User, **values: Any) -> None:
    before = values_of(item)
    item.state, item.asked_by, item.attempts, item.message = state, by, 0, ""
    for name, value in values.items():
        setattr(item, name, value)
    save_changes(item, since=before)
    FILE_IMPORTS.ask(item_id=item.pk)


def _locked(item: FileImport) -> FileImport:
    return FileImport.objects.select_related("source").select_for_update(of=("self",)).get(pk=item.pk)
