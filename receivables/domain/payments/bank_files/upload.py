"""Upload a bank's file, and what a person decides about it and its rows."""

from datetime import datetime
from hashlib import sha256

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.saving import save_changes, values_of
from receivables.domain.payments.bank_files.queue import BANK_FILES
from receivables.domain.payments.bank_files.read import BYTES_AT_MOST
from receivables.models import BankAccount, BankFile, BankRow, BankStatement, CsvMapping

UPLOADED = Verb("bank_file_uploaded", "Bank file uploaded")
CONFIRMED = Verb("bank_file_confirmed", "Certain rows confirmed")
UNDO_ASKED = Verb("bank_file_undone", "Bank file undone")
DISCARDED = Verb("bank_file_discarded", "Bank file discarded")

State = BankFile.State
FOUND_BY = "a_bank_file_is_read_once"


class DuplicateFile(Refused):
    """The same bytes were uploaded before."""

    code = "duplicate_bank_file"


class FileTooLarge(Refused):
    """The file is larger than a bank's file can be."""

    code = "bank_file_too_large"
    message = f"A bank file can have at most {BYTES_AT_MOST // 1024 // 1024} MB."


class NotNow(Refused):
    """The file is not in a state for this."""

    code = "bank_file_not_now"


def upload(
    content: bytes,
    *,
    name: str,
    by: User,
    at: datetime,
    account: BankAccount | None = None,
    mapping: CsvMapping | None = None,
) -> BankFile:
    """Keep a file for a worker, which reads it. Raises FileTooLarge or DuplicateFile."""
    if len(content) > BYTES_AT_MOST:
        raise FileTooLarge
    made = BankFile(
        name=name[:200],
        body=content,
        sha256=sha256(content).hexdigest(),
        account=account if mapping else None,
        mapping=mapping,
        uploaded_at=at,
        uploaded_by=by,
        next_attempt_at=at,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
            record(UPLOADED, on=made, by=by, after={"file": made.name, "sha256": made.sha256})
            BANK_FILES.ask_for(made)
    except IntegrityError as error:  # the constraint decides, also between two browsers
        if FOUND_BY not in str(error):
            raise
        raise DuplicateFile(_seen_before(made)) from error
    return made


def why_not_confirmed(file: BankFile) -> str:
    """Why its certain rows can't be booked; "" if they can."""
    if file.state not in (State.READY, State.BOOKED):
        return "Only a file that was read can be booked."
    return "" if certain_rows(file) else "No open row is certain. Book the others one by one."


def certain_rows(file: BankFile) -> int:
    """How many rows would be booked."""
    return BankRow.objects.filter(statement__file=file, state="open", certainty="certain").count()


def booked_rows(file: BankFile) -> int:
    """How many rows are booked."""
    return BankRow.objects.filter(statement__file=file, state="booked").count()


@transaction.atomic
def confirm(file: BankFile, *, by: User, at: datetime, late_on_today: bool = False) -> None:
    """Let a worker book every row that is certain. Raises NotNow."""
    found = _locked(file)
    if why := why_not_confirmed(found):
        raise NotNow(why)
    before = values_of(found)
    found.state, found.asked_by, found.late_on_today = State.BOOKING, by, late_on_today
    _start(found, before, at=at)
    record(CONFIRMED, on=found, by=by, after={"rows": certain_rows(found)})


def why_not_undone(file: BankFile) -> str:
    """Why nothing of it can be undone; "" if it can."""
    if file.state not in (State.READY, State.BOOKED):
        return "Only a file that was booked can be undone."
    return "" if booked_rows(file) else "No row of it is booked."


@transaction.atomic
def undo(file: BankFile, *, by: User, at: datetime) -> None:
    """Let a worker return every payment that was booked from it. Raises NotNow."""
    found = _locked(file)
    if why := why_not_undone(found):
        raise NotNow(why)
    before = values_of(found)
    found.state, found.asked_by = State.UNDOING, by
    _start(found, before, at=at)
    record(UNDO_ASKED, on=found, by=by, after={"rows": booked_rows(found)})


def may_be_discarded(file: BankFile) -> bool:
    """Whether nothing was booked and nothing is being booked."""
    return file.state in (State.WAITING, State.READY) and not booked_rows(file)


@transaction.atomic
def discard(file: BankFile, *, by: User) -> None:
    """Give the file up; it can then be uploaded again. Raises NotNow."""
    found = _locked(file)
    if not may_be_discarded(found):
        raise NotNow("Rows of this file are booked. Undo it first.")
    before = values_of(found)
    found.state, found.next_attempt_at = State.DISCARDED, None
    save_changes(found, since=before)
    BankStatement.objects.filter(file=found).update(is_live=False)
    record(DISCARDED, on=found, by=by)


def _start(file: BankFile, before: object, *, at: datetime) -> None:
    file.attempts, file.next_attempt_at, file.message, file.rows_done = 0, at, "", 0
    save_changes(file, since=before)  # type: ignore[arg-type]  # values before
    BANK_FILES.ask_for(file)


def _locked(file: BankFile) -> BankFile:
    return BankFile.objects.defer("body").select_for_update(of=("self",)).get(pk=file.pk)


def _seen_before(file: BankFile) -> str:
    earlier = BankFile.objects.filter(sha256=file.sha256).order_by("pk").first()
    when = f" on {day_in_words(earlier.uploaded_at.date())} as {earlier}" if earlier else ""
    return f"This very file was uploaded before{when}."
