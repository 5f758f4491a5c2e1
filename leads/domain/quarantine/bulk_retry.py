"""Bulk retries: retry all waiting items of one source with one code, after their cause was fixed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Count, Max, QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.queues.attempt import GIVEN_UP, UNEXPECTED, Failure
from billing_engine.core.queues.passes import PassQueue
from leads.domain.quarantine.fixes import Fixing, repair_with
from leads.domain.quarantine.settle import note_refused_again
from leads.models import BulkRetry, QuarantinedItem, Source

BULK_RETRY_STARTED = Verb("bulk_retry_started", "Bulk retry started")
BULK_RETRY_STOPPED = Verb("bulk_retry_stopped", "Bulk retry stopped")
BULK_RETRY_RESUMED = Verb("bulk_retry_resumed", "Bulk retry resumed")


class NothingToRetry(Refused):
    """There is nothing to retry."""

    code = "nothing_to_retry"
    message = "No items of this source are waiting with this code."


class RetryInProgress(Refused):
    """Only one bulk retry per source and code can run at a time."""

    code = "retry_in_progress"
    message = "These items are already being retried."


class RetryNotRunning(Refused):
    """What is finished can't be stopped or resumed."""

    code = "retry_not_running"
    message = "This retry is finished, stopped or running already."


@transaction.atomic
def start_retry(
    source: Source,
    *,
    code: str,
    by: User | None,
    at: datetime,
    fixing: Fixing | None = None,
    up_to: int | None = None,
) -> BulkRetry:
    """Start a bulk retry of the items waiting now or, with a fix, of those alike up to the last one that was shown.

    Raises NothingToRetry or RetryInProgress.
    """
    waiting = _waiting(source, code, fixing)
    shown = waiting if up_to is None else waiting.filter(pk__lte=up_to)
    found = shown.aggregate(n=Count("pk"), last=Max("pk"))
    if not found["n"]:
        raise NothingToRetry
    try:
        with transaction.atomic():
            retry = BulkRetry.objects.create(
                source=source,
                code=code,
                started_at=at,
                started_by=by,
                total=found["n"],
                up_to=found["last"],
                fix=fixing.as_json() if fixing else {},
            )
    except IntegrityError as error:
        raise RetryInProgress from error
    told = {"code": code, "items": found["n"]} | ({"changed": fixing.fix.place} if fixing else {})
    record(BULK_RETRY_STARTED, on=retry, by=by, after=told, also=[source])
    BULK_RETRIES.ask(item_id=retry.pk)
    return retry


@transaction.atomic
def stop_retry(retry: BulkRetry, *, by: User, at: datetime) -> None:
    """Stop after the current item. Raises RetryNotRunning."""
    if not BulkRetry.objects.filter(pk=retry.pk, finished_at=None, stopped_at=None).update(stopped_at=at):
        raise RetryNotRunning
    record(BULK_RETRY_STOPPED, on=retry, by=by, also=[retry.source])


@transaction.atomic
def resume_retry(retry: BulkRetry, *, by: User) -> None:
    """Go on where it was stopped. Raises RetryNotRunning, or RetryInProgress if another one was started."""
    stopped = BulkRetry.objects.filter(pk=retry.pk, finished_at=None, stopped_at__isnull=False)
    try:
        with transaction.atomic():
            is_stopped = stopped.update(stopped_at=None)
    except IntegrityError as error:
        raise RetryInProgress from error
    if not is_stopped:
        raise RetryNotRunning
    record(BULK_RETRY_RESUMED, on=retry, by=by, also=[retry.source])
    BULK_RETRIES.ask(item_id=retry.pk)


class BulkRetries(PassQueue[BulkRetry, QuarantinedItem]):
    """Passes over quarantined items in the order they arrived; two leads are never locked at once."""

    task = "leads.retry"

    def waiting(self) -> QuerySet[BulkRetry]:
        running = BulkRetry.objects.filter(finished_at=None, stopped_at=None)
        return running.select_related("source", "started_by")

    def left_of(self, retry: BulkRetry) -> QuerySet[QuarantinedItem]:
        waiting = _waiting(retry.source, retry.code, Fixing.of(retry))
        left = waiting.filter(pk__gt=retry.reached, pk__lte=retry.up_to)
        return left.select_related("source").order_by("pk")

    def act(self, retry: BulkRetry, items: Sequence[QuarantinedItem], *, at: datetime) -> Mapping[int, Failure]:
        [item], refused, fixing = items, None, Fixing.of(retry)
        with transaction.atomic():
            try:
                repair_with(item, fixing.fix if fixing else None, by=retry.started_by, at=at)
            except Refused as refusal:  # a valid outcome, whose note is kept
                refused = refusal
        if refused is not None:
            raise refused
        retry.stored += 1
        _count(retry, item)
        return {}

    def skip(self, retry: BulkRetry, item: QuarantinedItem, failure: Failure, *, at: datetime) -> None:
        if note := _note(failure):
            note_refused_again(item, note=note, by=retry.started_by, at=at)
        retry.refused += 1
        _count(retry, item)

    def given_up(self, retry: BulkRetry) -> str:
        return f"Skipped after {self.most_attempts} attempts without an outcome."

    def finish(self, retry: BulkRetry, *, at: datetime) -> None:
        retry.finished_at = at


BULK_RETRIES = BulkRetries()


def retry_next(retry_id: int, *, at: datetime) -> bool:
    """Retry the next item; return whether more may remain."""
    return BULK_RETRIES.work(retry_id, at=at)


def _waiting(source: Source, code: str, fixing: Fixing | None) -> QuerySet[QuarantinedItem]:
    if fixing:
        return fixing.cause.items()
    return QuarantinedItem.objects.for_person().filter(source=source, code=code)


def _note(failure: Failure) -> str:
    """Return the note for an item without an outcome; a refusal leaves its own note."""
    if failure.code == UNEXPECTED:
        return f"Failed unexpectedly: {failure.words.partition(':')[0]}"
    return failure.words if failure.code == GIVEN_UP else ""


def _count(retry: BulkRetry, item: QuarantinedItem) -> None:
    retry.reached = item.pk
    # More items with this code may arrive during the retry, so there can be more to try than at the start.
    retry.total = max(retry.total, retry.stored + retry.refused)
