"""Move raw bodies to the archive: written once, read back and compared before they leave the database."""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Count, Max, QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.outside.objects import AlreadyThere, archive
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.passes import PassQueue
from leads.domain.archive.bodies import NOTHING, BodyNotInArchive, archived_body, name_of
from leads.models import ArchivedBody, ArchiveRun, Delivery, LeavingBody

ARCHIVE_STARTED = Verb("archive_started", "Moving raw bodies to the archive started")
ARCHIVE_STOPPED = Verb("archive_stopped", "Moving raw bodies to the archive stopped")
ARCHIVE_RESUMED = Verb("archive_resumed", "Moving raw bodies to the archive resumed")
AT_A_TIME = 200
AT_ONCE = 16  # objects that are on their way to the bucket: each waits for the network, not for us


class NothingToArchive(Refused):
    """No body is old enough."""

    code = "nothing_to_archive"
    message = "No raw bodies in the database are older than that."


class ArchiveRunning(Refused):
    """One run at a time."""

    code = "archive_running"
    message = "Raw bodies are being moved already. Stop or resume that run."


class ArchiveRunFinished(Refused):
    """What is finished can't be stopped or resumed."""

    code = "archive_run_finished"
    message = "This run is finished, stopped or running already."


def waiting_bodies(*, before: datetime) -> QuerySet[Delivery]:
    """Deliveries received before an instant whose body is in the database."""
    return Delivery.objects.filter(received_at__lt=before, archived=None)


@transaction.atomic
def start_archiving(*, before: datetime, by: User | None, at: datetime) -> ArchiveRun:
    """Start a run over the bodies received before an instant. Raises NothingToArchive or ArchiveRunning."""
    found = waiting_bodies(before=before).aggregate(n=Count("pk"), last=Max("pk"))
    if ArchiveRun.objects.filter(finished_at=None).exists():
        raise ArchiveRunning
    if not found["n"]:
        raise NothingToArchive
    try:
        with transaction.atomic():
            run = ArchiveRun.objects.create(
                before=before, started_at=at, started_by=by, total=found["n"], up_to=found["last"]
            )
    except IntegrityError as error:
        raise ArchiveRunning from error
    record(ARCHIVE_STARTED, on=run, by=by, after={"before": before, "bodies": found["n"]})
    ARCHIVE_RUNS.ask(item_id=run.pk)
    return run


def archive_what_is_due(*, at: datetime) -> ArchiveRun | None:
    """Every night: start a run over what is older than ARCHIVE_AFTER_DAYS; None if there is nothing to do."""
    if not settings.ARCHIVE_AFTER_DAYS:
        return None
    try:
        return start_archiving(before=at - timedelta(days=settings.ARCHIVE_AFTER_DAYS), by=None, at=at)
    except (NothingToArchive, ArchiveRunning):
        return None


@transaction.atomic
def stop_archiving(run: ArchiveRun, *, by: User, at: datetime) -> None:
    """Stop after the current batch. Raises ArchiveRunFinished."""
    if not ArchiveRun.objects.filter(pk=run.pk, finished_at=None, stopped_at=None).update(stopped_at=at):
        raise ArchiveRunFinished
    record(ARCHIVE_STOPPED, on=run, by=by)


@transaction.atomic
def resume_archiving(run: ArchiveRun, *, by: User, at: datetime) -> None:
    """Go on where it was stopped. Raises ArchiveRunFinished."""
    stopped = ArchiveRun.objects.filter(pk=run.pk, finished_at=None, stopped_at__lte=at)
    if not stopped.update(stopped_at=None):
        raise ArchiveRunFinished
    record(ARCHIVE_RESUMED, on=run, by=by)
    ARCHIVE_RUNS.ask(item_id=run.pk)


class ArchiveRuns(PassQueue[ArchiveRun, Delivery]):
    """Passes over deliveries by their number."""

    task = "leads.archive"
    batch_size = AT_A_TIME

    def waiting(self) -> QuerySet[ArchiveRun]:
        return ArchiveRun.objects.filter(finished_at=None, stopped_at=None)

    def left_of(self, run: ArchiveRun) -> QuerySet[Delivery]:
        left = waiting_bodies(before=run.before).filter(pk__gt=run.reached, pk__lte=run.up_to)
        return left.only("body", "received_at").order_by("pk")

    def act(self, run: ArchiveRun, things: Sequence[Delivery], *, at: datetime) -> Mapping[int, Failure]:
        """Put the objects first, in parallel, then let the rows go: a worker that dies in between leaves both."""
        with transaction.atomic():
            numbers = [each.pk for each in things]
            # Locked, so that no erasure redacts a body after it was read here.
            locked = list(
                Delivery.objects.select_for_update(no_key=True).filter(pk__in=numbers).only("body").order_by("pk")
            )
            with ThreadPoolExecutor(AT_ONCE) as pool:
                put = dict(zip(numbers, pool.map(_put, [(each.pk, bytes(each.body)) for each in locked]), strict=True))
            moved = [row for row in put.values() if isinstance(row, ArchivedBody)]
            for row in moved:
                row.archived_at = at
            ArchivedBody.objects.bulk_create(moved)
            Delivery.objects.filter(pk__in=[row.delivery_id for row in moved]).update(body=NOTHING)
        run.moved += len(moved)
        run.moved_bytes += sum(len(each.body) for each in locked if isinstance(put[each.pk], ArchivedBody))
        run.reached = things[-1].pk
        run.total = max(run.total, run.moved + run.failed)
        return {number: row for number, row in put.items() if isinstance(row, Failure)}

    def skip(self, run: ArchiveRun, thing: Delivery, failure: Failure, *, at: datetime) -> None:
        run.failed += 1
        run.reason = failure.words[:200]
        run.reached = max(run.reached, thing.pk)
        run.total = max(run.total, run.moved + run.failed)

    def finish(self, run: ArchiveRun, *, at: datetime) -> None:
        run.finished_at = at


ARCHIVE_RUNS = ArchiveRuns()


def _put(given: tuple[int, bytes]) -> ArchivedBody | Failure:
    """Write one body, read it back and compare; other bytes there are a failure. It runs in a thread, without the database."""
    number, packed = given
    row = ArchivedBody(delivery_id=number, sha256=hashlib.sha256(zlib.decompress(packed)).hexdigest())
    with suppress(AlreadyThere):  # by a worker that died, or before a restore: what counts is what is there
        archive().put_once(name_of(row), packed)
    try:
        archived_body(row)
    except BodyNotInArchive as refusal:
        return Failure(refusal.code, str(refusal))
    return row


def let_leave(archived: ArchivedBody, *, at: datetime) -> None:
    """Note that an object must leave the archive, in the transaction in which its row goes."""
    LeavingBody.objects.get_or_create(name=name_of(archived), defaults={"since": at})
    archived.delete()


def remove_what_leaves() -> int:
    """Remove the objects that must leave; return how many. One that can't be removed is tried again by the next sweep."""
    count = 0
    for leaving in LeavingBody.objects.order_by("pk")[:AT_A_TIME]:
        if not ArchivedBody.objects.filter(
            delivery=_delivery_of(leaving.name), sha256=leaving.name.rpartition("/")[2]
        ).exists():
            archive().remove(leaving.name)
        leaving.delete()
        count += 1
    return count


def _delivery_of(name: str) -> int:
    return int(name.split("/")[1])
