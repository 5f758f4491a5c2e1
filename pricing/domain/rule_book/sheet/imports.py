"""Imports of price rules: a worker checks the file row by row; once a person applies it, a worker creates the drafts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from time import monotonic

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.queues.attempt import UNEXPECTED, Failure
from billing_engine.core.queues.leased import LeasedQueue
from billing_engine.core.saving import save_changes, values_of
from billing_engine.core.tables.read import read_sheet
from pricing.domain.rule_book.sheet.plan import Plan, apply, check_has_no_faults, plan
from pricing.domain.rule_book.sheet.report import Report, cut, report_of
from pricing.models import RuleImport

ROWS_AT_MOST = 2_000
BYTES_AT_MOST = 5 * 1024 * 1024
TIME_LIMIT = timedelta(minutes=5)  # checked after each row; 2,000 rows need less than one minute
SECONDS_UNTIL_KILLED = 2 * int(TIME_LIMIT.total_seconds())  # if a single row takes that long, or reading the file
ROWS_BETWEEN_COUNTS = 25

State = RuleImport.State

RULE_IMPORT_STARTED = Verb("rule_import_started", "File uploaded")
RULE_IMPORT_CONFIRMED = Verb("rule_import_confirmed", "Import confirmed")
RULE_IMPORT_DISCARDED = Verb("rule_import_discarded", "Import discarded")

CHANGED_SINCE = "Nothing was created, because something has changed since the dry run. This is a new one."
BROKE_OFF = "An unexpected error stopped this import. Nothing was created. The error was logged."


class TookTooLong(Refused):
    """An import has a time limit."""

    code = "rule_import_took_too_long"

    def __init__(self, done: int) -> None:
        minutes = int(TIME_LIMIT.total_seconds() // 60)
        super().__init__(
            f"Stopped after {minutes} minutes (rows done: {done:,}). Nothing was imported. Split the file into smaller ones."
        )


class NoLongerOurs(Refused):
    """The import was discarded, or another worker has started it again."""

    code = "rule_import_no_longer_ours"
    message = "The import was discarded, or another worker has started it again."


class FileTooLarge(Refused):
    """The file is larger than an import can be."""

    code = "rule_import_too_large"
    message = f"At most {BYTES_AT_MOST // 1024 // 1024} MB."


class NotChecked(Refused):
    """Only a checked import is applied, and only once."""

    code = "rule_import_not_checked"
    message = "Only a checked import can be applied."


class NothingToImport(Refused):
    """An import in which no row changes anything."""

    code = "nothing_to_import"
    message = "No row changes anything."


class NotTheUploader(Refused):
    """The drafts of an import have one author: the person who uploaded it."""

    code = "not_the_uploader"
    message = "Only the person who uploaded this file can apply it, because that person becomes the drafts’ author."


class AlreadySettled(Refused):
    """An import that is applied, failed or discarded stays so."""

    code = "rule_import_settled"
    message = "This import is already being applied, or finished."


@transaction.atomic
def start_import(content: bytes, *, name: str, by: User, at: datetime) -> RuleImport:
    """Keep the file for a worker, which checks it. Raises FileTooLarge."""
    if len(content) > BYTES_AT_MOST:
        raise FileTooLarge
    made = RuleImport.objects.create(
        name=name[:200],
        body=content,
        sha256=sha256(content).hexdigest(),
        uploaded_at=at,
        uploaded_by=by,
        next_attempt_at=at,
    )
    record(RULE_IMPORT_STARTED, on=made, by=by, after={"file": made.name, "sha256": made.sha256})
    RULE_IMPORTS.ask_for(made)
    return made


def check_may_be_applied(item: RuleImport, by: User) -> None:
    """Raise NotChecked, NotTheUploader, SheetHasFaults or NothingToImport."""
    if item.state != State.CHECKED:
        raise NotChecked
    if item.uploaded_by_id != by.pk:
        raise NotTheUploader
    check_has_no_faults(item.report["faulty_rows"])
    if not item.report["draft_count"]:
        raise NothingToImport


@transaction.atomic
def confirm_import(item: RuleImport, *, by: User, at: datetime) -> None:
    """Let a worker create the drafts; raises what `check_may_be_applied` does."""
    found = _locked(item)
    before = values_of(found)
    check_may_be_applied(found, by)
    found.state, found.attempts, found.next_attempt_at, found.message = State.APPLYING, 0, at, ""
    save_changes(found, since=before)
    record(RULE_IMPORT_CONFIRMED, on=found, by=by, after={"drafts": found.report["draft_count"]})
    RULE_IMPORTS.ask_for(found)


@transaction.atomic
def discard_import(item: RuleImport, *, by: User) -> None:
    """Stop the dry run, or give up what it found. Raises AlreadySettled."""
    found = _locked(item)
    if not may_be_discarded(found):
        raise AlreadySettled
    before = values_of(found)
    found.state, found.next_attempt_at = State.DISCARDED, None
    save_changes(found, since=before)
    record(RULE_IMPORT_DISCARDED, on=found, by=by)


def may_be_discarded(item: RuleImport) -> bool:
    """Whether nothing was created and nothing is being created."""
    return item.state in (State.WAITING, State.CHECKED)


class RuleImports(LeasedQueue[RuleImport, Report | None]):
    """Files to check, and checked ones to create drafts from."""

    task = "pricing.import_rules"
    lease = timedelta(seconds=SECONDS_UNTIL_KILLED) + timedelta(minutes=1)

    def waiting(self) -> QuerySet[RuleImport]:
        return RuleImport.objects.in_progress().select_related("uploaded_by").defer("body")

    def ours(self, item: RuleImport) -> QuerySet[RuleImport]:
        """As for every queue; a worker that checked it does not touch it once it is applied."""
        return super().ours(item).filter(state=item.state)

    def act(self, item: RuleImport, *, at: datetime) -> Report | None:
        """Return the report of the dry run; None once the drafts are created."""
        return _check(item, at=at) if item.state == State.WAITING else _create(item, at=at)

    def settle(self, item: RuleImport, result: Report | None, *, at: datetime) -> None:
        if result is None:  # settled with its drafts, in one transaction
            return
        item.message = CHANGED_SINCE if item.state == State.APPLYING else ""
        item.state, item.next_attempt_at, item.report = State.CHECKED, None, result

    def fail(self, item: RuleImport, failure: Failure, *, at: datetime) -> None:
        item.message = BROKE_OFF if failure.code == UNEXPECTED else cut(failure.words)
        item.state, item.next_attempt_at = State.FAILED, None

    def given_up(self, item: RuleImport) -> str:
        return f"Started {self.most_attempts} times and never finished: the file takes too long, or the worker died."


RULE_IMPORTS = RuleImports()


def _check(item: RuleImport, *, at: datetime) -> Report:
    return report_of(_plans(item, _clock(), counts=True), at=at)


@transaction.atomic
def _create(item: RuleImport, *, at: datetime) -> Report | None:
    """Create the drafts and settle the import, both or neither; return the new dry run if it has faults by now."""
    found = RULE_IMPORTS.ours(item).select_for_update(of=("self",)).first()
    if found is None:
        raise NoLongerOurs
    in_time = _clock()
    plans = _plans(item, in_time, counts=False)
    if any(each.faults for each in plans):
        return report_of(plans, at=at)
    created = apply(plans, by=found.uploaded_by, after_each=in_time)
    before = values_of(found)
    for shown in found.report["drafts"]:
        shown["draft"] = created.get(shown["number"])
    found.state, found.next_attempt_at = State.APPLIED, None
    found.report = {**found.report, "draft_count": len(created)}
    save_changes(found, since=before)
    return None


def _plans(item: RuleImport, in_time: Callable[[int], None], *, counts: bool) -> list[Plan]:
    rows = read_sheet(bytes(item.body), most=ROWS_AT_MOST)

    def after_each(done: int) -> None:
        in_time(done)
        is_due = done % ROWS_BETWEEN_COUNTS == 1 or done == len(rows)
        if counts and is_due and not RULE_IMPORTS.ours(item).update(rows=len(rows), rows_checked=done):
            raise NoLongerOurs

    return plan(rows, after_each=after_each)


def _clock() -> Callable[[int], None]:
    """Start the time limit; what is returned refuses once it has passed."""
    began = monotonic()

    def in_time(done: int) -> None:
        if monotonic() - began > TIME_LIMIT.total_seconds():
            raise TookTooLong(done)

    return in_time


def _locked(item: RuleImport) -> RuleImport:
    return RuleImport.objects.defer("body").select_for_update(of=("self",)).get(pk=item.pk)
