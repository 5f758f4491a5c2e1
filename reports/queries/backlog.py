"""The length and age of every queue and the progress of billing runs, for monitoring.

Monitoring reads these several times a minute. Each figure comes from an index, from roll-ups or from a table with one row
per period, and no count goes beyond `AT_MOST`, so that it takes no longer with millions of rows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from invoices.domain.run.blockers import still_failed
from invoices.models import BillingRun, BillingRunItem, InvoiceDocument, InvoiceMail
from leads.models import BillingPeriod, Delivery, QuarantinedItem
from leads.models.delivery import OUTCOMES
from pricing.domain.rate.sweep import waiting_marks
from pricing.models import PeriodTally, RatingAttempts, UnratedAction

AT_MOST = 100_000
RECENT = timedelta(minutes=5)
KINDS = ("lead", "action")
RATED_OUTCOMES = ("charged", "excluded", "unrated")

Open = BillingPeriod.State.OPEN
WAITS = Q(state=InvoiceDocument.State.WAITING)


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue for workers or people; `since` is when its oldest entry arrived, if known."""

    name: str
    waiting: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class RunProgress:
    """An unfinished billing run; `stalled_since` is when it last progressed, if items are left for the workers."""

    cycle: str
    started_at: datetime
    stalled_since: datetime | None
    items: dict[str, int]


def received_recently(at: datetime) -> dict[tuple[str, str], int]:
    """Count the leads and actions of the last five minutes by outcome, from an index alone."""
    names = {(kind, outcome): f"{kind}s_{outcome}" for kind in KINDS for outcome in OUTCOMES}
    lately = Delivery.objects.filter(received_at__gt=at - RECENT, received_at__lte=at)
    sums = lately.aggregate(**{name: Coalesce(Sum(name), 0) for name in names.values()})
    return {key: sums[name] for key, name in names.items()}


def rated_in_open_periods() -> dict[str, int]:
    """Count the actions of all open periods by outcome, from roll-ups."""
    open_ones = PeriodTally.objects.filter(period__state=Open)
    sums: dict[str, int] = open_ones.aggregate(**{name: Coalesce(Sum(name), 0) for name in RATED_OUTCOMES})
    return sums


def queues(*, unrated: int) -> list[Queue]:
    """Return every queue; a new queue is one more line here."""
    actions = UnratedAction.objects.order_by("pk").values_list("action__delivery__received_at", flat=True)
    quarantined = QuarantinedItem.objects.for_person().order_by("received_at").values_list("received_at", flat=True)
    mails = InvoiceMail.objects.waiting().aggregate(n=Count("pk"), since=Min("requested_at"))
    documents = InvoiceDocument.objects.exclude(state=InvoiceDocument.State.KEPT).aggregate(
        n=Count("pk", filter=WAITS),
        since=Min("requested_at", filter=WAITS),
        failed=Count("invoice", filter=~WAITS, distinct=True),
    )
    return [
        Queue("marks", *_counted(waiting_marks().order_by("pk"), "created_at")),
        Queue("unrated", unrated, actions.first() if unrated else None),
        Queue("unpriceable", UnratedAction.objects.filter(code=UnratedAction.Code.UNPRICEABLE)[:AT_MOST].count(), None),
        Queue("given_up", *_counted(RatingAttempts.objects.given_up().order_by("attempted_at"), "attempted_at")),
        Queue("quarantine", QuarantinedItem.objects.for_person()[:AT_MOST].count(), quarantined.first()),
        Queue("failed_bills", still_failed()[:AT_MOST].count(), None),
        Queue("mails", mails["n"], mails["since"]),
        Queue("failed_mails", InvoiceMail.objects.needing_attention().values("invoice").distinct().count(), None),
        Queue("documents", documents["n"], documents["since"]),
        Queue("failed_documents", documents["failed"], None),
    ]


def _counted(oldest_first: "QuerySet[Any]", since: str) -> tuple[int, datetime | None]:
    """Return the number of rows, and since when the oldest is waiting."""
    found = oldest_first[:AT_MOST].aggregate(waiting=Count("pk"), since=Min(since))
    return found["waiting"], found["since"]


def runs() -> list[RunProgress]:
    """Return the unfinished runs with their items by state."""
    counts = dict[int, dict[str, int]]()
    moved = dict[int, datetime]()
    items = BillingRunItem.objects.filter(run__finished_at=None).values_list("run", "state")
    for run, state, count, settled_at in items.annotate(Count("pk"), Max("settled_at")):
        counts.setdefault(run, {})[state] = count
        if settled_at:
            moved[run] = max(settled_at, moved.get(run, settled_at))
    return [
        _progress(run, counts.get(run.pk, {}), moved.get(run.pk, run.started_at))
        for run in BillingRun.objects.filter(finished_at=None).order_by("cycle")
    ]


def _progress(run: BillingRun, counts: dict[str, int], moved_at: datetime) -> RunProgress:
    """Return the progress of a run; a paused run doesn't count as stalled."""
    waits = counts.get(BillingRunItem.State.WAITING) and run.paused_at is None
    return RunProgress(
        run.cycle,
        run.started_at,
        max(moved_at, run.started_at) if waits else None,
        {state: counts.get(state, 0) for state in STATES},
    )


STATES = tuple(state.value for state in BillingRunItem.State)
