"""All that waits of one source with one code is tried again, one after the other, after its cause has been mended."""

import logging
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Count, Max

from billing_engine.core.errors import Refused
from billing_engine.core.tasks import after_commit
from leads.domain.quarantine.settle import repair
from leads.models import BulkRetry, QuarantinedItem, QuarantineStep, Source

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 3


class NothingWaits(Refused):
    """There is nothing to retry."""

    code = "nothing_waits"
    message = "Nothing of this source waits with this code any more."


class RetryInProgress(Refused):
    """One at a time of a source and a code."""

    code = "retry_in_progress"
    message = "These are being retried already."


@transaction.atomic
def start_retry(source: Source, *, code: str, by: User | None, at: datetime) -> BulkRetry:
    """Begin to retry what waits now; the workers go on with it, and whoever calls `retry_next` does too."""
    found = QuarantinedItem.objects.waiting().filter(source=source, code=code).aggregate(n=Count("pk"), last=Max("pk"))
    if not found["n"]:
        raise NothingWaits
    try:
        with transaction.atomic():
            retry = BulkRetry.objects.create(
                source=source, code=code, started_at=at, started_by=by, total=found["n"], up_to=found["last"]
            )
    except IntegrityError as error:
        raise RetryInProgress from error
    after_commit("leads.retry", retry_id=retry.pk)
    return retry


def retry_next(retry_id: int, *, at: datetime) -> bool:
    """Try the next item of it; answers whether there may be more to do for whoever asks.

    Each item is a transaction of its own: a worker that is killed loses one try, and leads are never locked two at a
    time. A retry that another worker is at is left alone. The attempt is counted before it is made: an item that kills
    every worker that takes it up is passed over after `MOST_ATTEMPTS`, and waits for a person with a note.
    """
    return _take_up(retry_id, at=at) and _try(retry_id, at=at)


@transaction.atomic
def _take_up(retry_id: int, *, at: datetime) -> bool:
    retry = _held(retry_id)
    if retry is None:
        return False
    item = _next_of(retry)
    if item is None:
        BulkRetry.objects.filter(pk=retry.pk).update(finished_at=at)
        return False
    attempts = retry.attempts + 1 if retry.trying == item.pk else 1
    BulkRetry.objects.filter(pk=retry.pk).update(trying=item.pk, attempts=attempts)
    return True


@transaction.atomic
def _try(retry_id: int, *, at: datetime) -> bool:
    retry = _held(retry_id)
    item = None if retry is None else _next_of(retry)
    if retry is None or item is None or item.pk != retry.trying:
        return False
    if retry.attempts > MOST_ATTEMPTS:
        note = f"Passed over: {MOST_ATTEMPTS} attempts ended without an outcome."
        QuarantineStep.objects.create(
            item=item, kind=QuarantineStep.Kind.REFUSED_AGAIN, at=at, by=retry.started_by, note=note
        )
        logger.error("Quarantined item %s was taken up %s times without an outcome", item.pk, MOST_ATTEMPTS)
        outcome = "refused"
    else:
        outcome = "stored" if _goes_in(item, retry.started_by, at) else "refused"
    tried = {"stored": retry.stored, "refused": retry.refused}
    tried[outcome] += 1
    # Items may come to wait with this code while the retry is under way: then there is more to try than waited at first.
    total = max(retry.total, sum(tried.values()))
    BulkRetry.objects.filter(pk=retry.pk).update(**tried, total=total, reached=item.pk)
    return True


def _held(retry_id: int) -> BulkRetry | None:
    return (
        BulkRetry.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("source", "started_by")
        .filter(pk=retry_id, finished_at=None)
        .first()
    )


def _next_of(retry: BulkRetry) -> QuarantinedItem | None:
    return (
        QuarantinedItem.objects.waiting()
        .filter(source=retry.source, code=retry.code, pk__gt=retry.reached, pk__lte=retry.up_to)
        .select_related("source")
        .order_by("pk")
        .first()
    )


def ask_for_unfinished_retries() -> int:
    """Ask the workers to go on with every bulk retry that is not finished; answers how many."""
    unfinished = BulkRetry.objects.filter(finished_at=None).values_list("pk", flat=True)
    for retry_id in unfinished:
        after_commit("leads.retry", retry_id=retry_id)
    return len(unfinished)


def _goes_in(item: QuarantinedItem, by: User | None, at: datetime) -> bool:
    try:
        with transaction.atomic():
            return _repaired(item, by, at)
    except OperationalError:
        raise  # the database, not the item, is in trouble
    except Exception as error:  # one item's fault stops no other
        logger.exception("Retrying quarantined item %s failed", item.pk)
        note = f"It failed unexpectedly: {type(error).__name__}"
        QuarantineStep.objects.create(item=item, kind=QuarantineStep.Kind.REFUSED_AGAIN, at=at, by=by, note=note)
        return False


def _repaired(item: QuarantinedItem, by: User | None, at: datetime) -> bool:
    """A refusal is an answer, and its note is kept."""
    try:
        repair(item, content=item.content, by=by, at=at)
    except Refused:
        return False
    return True
