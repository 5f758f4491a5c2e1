"""Ask for an export to the books, and download it: byte for byte what was made."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.calendar.edges import FARTHEST_WEST
from billing_engine.core.calendar.spans import Month
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.tasks import after_commit
from leads.models import Company
from receivables.domain.exports.pending import Pending, pending
from receivables.models import BookExport

Kind = BookExport.Kind
State = BookExport.State

EXPORT_ASKED = Verb("books_exported", "Export to the books requested")
EXPORT_DOWNLOADED = Verb("books_downloaded", "Export to the books downloaded")

NOT_READY = {
    State.WAITING: "This file has not been started yet.",
    State.RUNNING: "This file is still being written.",
    State.FAILED: "This export failed, so it has no file.",
}


class NothingNew(Refused):
    """An export has what no earlier one has."""

    code = "nothing_new_for_the_books"


class NotReady(Refused):
    """There is a file once the export is ready."""

    code = "books_not_ready"


class ExportGoingOn(Refused):
    """One export of a kind, company and month at a time, so that no document is in two files."""

    code = "export_going_on"


class NotYetOver(Refused):
    """The books end with today."""

    code = "not_yet_over"


class AccountsMissing(Refused):
    """An export names the accounts of the accounting system."""

    code = "accounts_missing"


class FileDiffers(Refused):
    """A file is handed out only if its digest is the one that was kept."""

    code = "file_differs"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which file is asked for."""

    kind: str
    seller: Company | None
    month: str
    as_of: date | None = None

    @property
    def export(self) -> BookExport:
        """The unsaved export; an accrual without a day is as of the end of its month."""
        as_of = (self.as_of or Month.parse(self.month).last) if self.kind == Kind.ACCRUAL else None
        month = str(Month.of_day(as_of)) if as_of else self.month
        return BookExport(kind=self.kind, seller=self.seller, month=month, as_of=as_of)


def preview(asked: Asked, *, at: datetime) -> Pending:
    """Return what is new. Raises NotYetOver or NumbersMissing."""
    _check_over(asked.export, at)
    return pending(asked.export)


def check_may_export(found: Pending) -> None:
    """Refuse to export nothing, and to export without accounts."""
    if not found.count:
        raise NothingNew(f"There is no new {found.noun} to export.")
    if found.missing:
        raise AccountsMissing(" ".join(found.missing))


@transaction.atomic
def ask(asked: Asked, *, by: User, at: datetime) -> BookExport:
    """Ask a worker for the file. Raises NotYetOver, NothingNew, AccountsMissing, ExportGoingOn or NumbersMissing."""
    export = asked.export
    found = preview(asked, at=at)
    check_may_export(found)
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    of_its_kind = BookExport.objects.of(kind=export.kind, seller=export.seller, month=export.month)
    if of_its_kind.unfinished().exists():
        raise ExportGoingOn(f"{export} is already being written. Wait for it.")
    export.total = min(found.count, found.most or found.count)
    export.asked_by, export.asked_at, export.next_attempt_at = by, at, at
    export.save(force_insert=True)
    record(EXPORT_ASKED, on=export, by=by, after={"kind": export.get_kind_display(), "month": export.month})
    after_commit("receivables.export_books", item_id=export.pk, attempt=export.attempts)
    return export


@transaction.atomic
def download(export: BookExport, *, by: User) -> bytes:
    """The file as it was made. Raises NotReady or FileDiffers."""
    found = BookExport.objects.get(pk=export.pk)
    if found.content is None:
        raise NotReady(NOT_READY[State(found.state)])
    content = bytes(found.content)
    if hashlib.sha256(content).hexdigest() != found.sha256:
        raise FileDiffers("The stored file no longer has its digest..")
    record(EXPORT_DOWNLOADED, on=found, by=by, after={"digest": found.sha256})
    return content


def _check_over(export: BookExport, at: datetime) -> None:
    if export.as_of is not None:
        if (at - FARTHEST_WEST).date() <= export.as_of:
            raise NotYetOver("The day of an accrual must be over in every time zone.")
    elif Month.parse(export.month).first > at.date():
        raise NotYetOver(f"{export.month} has not started.")
