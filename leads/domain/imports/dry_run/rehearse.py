"""A worker's dry run of an import: all of the file is read, and what was found is kept."""

from datetime import datetime
from time import monotonic

from django.db import transaction

from billing_engine.core.errors import Refused
from billing_engine.core.saving import save_changes, values_of
from leads.domain.body.parcel import Parcel
from leads.domain.imports.content import opened, progress_in
from leads.domain.imports.dry_run.faulty import faults_on_disk
from leads.domain.imports.dry_run.run import DryRun
from leads.domain.imports.kept_files import forget
from leads.domain.imports.tally import Tally
from leads.domain.intake.receipt import Receipt
from leads.domain.mapping.language.converter import Converter
from leads.domain.mapping.mappings import sample_faults
from leads.models import FileImport

SECONDS_BETWEEN_COUNTS = 1
SECONDS_AT_MOST = 25 * 60  # before the worker's own time limit


class DryRunTooLong(Refused):
    """A dry run has a time limit."""

    code = "dry_run_too_long"
    message = f"The dry run was stopped after {SECONDS_AT_MOST // 60} minutes. Split the file into smaller ones."


def rehearse(item: FileImport, *, at: datetime) -> bool:
    """Read all of the file as if it were stored, and keep what was found. Raises FileNotReadable or DryRunTooLong."""
    tally, run, began = Tally(), DryRun(item.source, at=at), monotonic()
    told_at = began
    with opened(item) as file, faults_on_disk() as faults:
        for part in file.parts():
            results = run.results(Parcel(part.items, lines=part.lines))
            faults.add(part.items, results)
            tally.add(part.items, results, counts=Receipt(0, results).counts(), lines=part.lines)
            if monotonic() - told_at > SECONDS_BETWEEN_COUNTS:
                told_at = monotonic()
                if not _progress(item, progress_in(file, part)):
                    return False
            if monotonic() - began > SECONDS_AT_MOST:
                raise DryRunTooLong
        notices, faulty_as = file.notices.in_words(), faults.keep_rows_of(item)
        notices += never_found(file.converter)
    if not _finish(item, tally, notices, faulty_as):
        forget(faulty_as)
    return False


def never_found(converter: Converter | None) -> list[str]:
    """Name the expressions of the mapping that found nothing in any row."""
    return [fault.words for fault in sample_faults(converter.found)] if converter else []


def _progress(item: FileImport, percent: int) -> bool:
    """Note how far it has come; return whether it is still wanted."""
    running = FileImport.objects.filter(pk=item.pk, state=FileImport.State.DRY_RUNNING)
    return bool(running.update(percent=percent))


@transaction.atomic
def _finish(item: FileImport, tally: Tally, notices: list[str], faulty_as: str) -> bool:
    """Note what was found; return False if the dry run was stopped."""
    found = FileImport.objects.select_for_update(of=("self",)).get(pk=item.pk)
    if found.state != FileImport.State.DRY_RUNNING:  # stopped
        return False
    before = values_of(found)
    found.dry_run = {**tally.as_json(), "notices": notices}
    found.state, found.attempts, found.message = FileImport.State.READY, 0, ""
    found.faulty_as = faulty_as
    save_changes(found, since=before)
    return True
