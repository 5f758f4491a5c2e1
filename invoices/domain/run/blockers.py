"""What keeps a period from being billed, read as it is now: a cause that is gone stands in nobody's way any more."""

from django.db.models import Exists, OuterRef, QuerySet

from billing_engine.core.calendar.spans import labels_of
from invoices.domain.life.close import HasUnratedActions, unrated_in_words
from invoices.models import BillingRunItem
from leads.models import BillingPeriod
from pricing.models import PeriodTally

SETTLED = "Nothing stands in the way any more: it can be billed."
BILLED = "Billed since."


def still_failed() -> "QuerySet[BillingRunItem]":
    """Of each open period the last attempt, where that could not bill it and the cause is still there."""
    later = BillingRunItem.objects.filter(period=OuterRef("period"), pk__gt=OuterRef("pk"))
    all_rated = PeriodTally.objects.filter(period=OuterRef("period"), unrated=0)
    failed = BillingRunItem.objects.filter(
        ~Exists(later), state=BillingRunItem.State.FAILED, period__state=BillingPeriod.State.OPEN
    )
    return failed.exclude(Exists(all_rated), code=HasUnratedActions.code)


def failed_in(label: str) -> "QuerySet[BillingRunItem]":
    """Those of a month, with the weeks that belong to it."""
    return still_failed().filter(period__label__in=labels_of(label))


def blocker_of(item: BillingRunItem) -> str:
    """What stands in the way of a failed item now; reads its period and that one's tally."""
    if not item.period.is_open:
        return BILLED
    if item.code != HasUnratedActions.code:
        return item.message
    tally: PeriodTally | None = getattr(item.period, "tally", None)
    if tally is None:
        return item.message
    return unrated_in_words(tally.unrated) if tally.unrated else SETTLED
