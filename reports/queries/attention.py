"""Work that needs a person, regardless of month."""

from dataclasses import dataclass, field

from django.db.models import Count, QuerySet, Sum

from invoices.domain.month_close.unfinished import Stuck, stuck_in
from invoices.domain.run.blockers import still_failed
from invoices.models import Invoice
from leads.models import BillingPeriod, QuarantinedItem, UnratedMark
from pricing.models import PeriodTally, RatingAttempts, UnratedAction
from pricing.models.attempts import TRIES

Open = BillingPeriod.State.OPEN


@dataclass(frozen=True, slots=True)
class Waiting:
    """The number of waiting items per queue."""

    quarantined: int
    unrated: int
    failed: int
    failed_runs: tuple[int, ...]  # the latest two runs with failures
    drafts: int
    approved: int
    to_rate: int
    unpriceable: int = 0  # a part of `unrated`
    given_up: int = 0  # billing periods that can't be rated
    stuck: Stuck = field(default_factory=Stuck)  # emails and PDFs


def waiting() -> Waiting:
    """Count the queues directly; each has an index or is small."""
    failed = still_failed()
    states = dict(
        Invoice.objects.filter(state__in=(Invoice.State.DRAFT, Invoice.State.APPROVED))
        .values_list("state")
        .annotate(n=Count("pk"))
    )
    return Waiting(
        quarantined=QuarantinedItem.objects.for_person().count(),
        unrated=PeriodTally.objects.filter(period__state=Open).aggregate(n=Sum("unrated"))["n"] or 0,
        failed=failed.count(),
        failed_runs=tuple(failed.order_by("-run_id").values_list("run_id", flat=True).distinct()[:2]),
        drafts=states.get(Invoice.State.DRAFT, 0),
        approved=states.get(Invoice.State.APPROVED, 0),
        to_rate=_to_rate().values("period").distinct().count(),
        unpriceable=UnratedAction.objects.filter(code=UnratedAction.Code.UNPRICEABLE).count(),
        given_up=RatingAttempts.objects.given_up().count(),
        stuck=stuck_in(),
    )


def _to_rate() -> QuerySet[UnratedMark]:
    """Return the marks that the workers will process."""
    return UnratedMark.objects.exclude(period__rating_attempts__attempts__gte=TRIES)
