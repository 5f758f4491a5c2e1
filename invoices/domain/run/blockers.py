"""What currently keeps a period from being billed; a cause that is resolved is not reported."""

from django.db.models import Exists, OuterRef, QuerySet

from billing_engine.core.calendar.spans import labels_of
from invoices.domain.life.close import HasUnratedActions, unrated_in_words
from invoices.models import BillingRunItem
from leads.models import BillingPeriod
from pricing.models import PeriodTally

SETTLED = "Nothing blocks it anymore: it can be billed."
BILLED = "Billed in the meantime."


def still_failed() -> "QuerySet[BillingRunItem]":
    """Return the last attempt of each open period, if it failed and the cause still exists."""
    later = BillingRunItem.objects.filter(period=OuterRef("period"), pk__gt=OuterRef("pk"))
    all_rated = PeriodTally.objects.filter(period=OuterRef("period"), unrated=0)
    failed = BillingRunItem.objects.filter(
        ~Exists(later), state=BillingRunItem.State.FAILED, period__state=BillingPeriod.State.OPEN
    )
    return failed.exclude(Exists(all_rated), code=HasUnratedActions.code)


def failed_in(label: str) -> "QuerySet[BillingRunItem]":
    """Return the failed items of a month and its weeks."""
    return still_failed().filter(period__label__in=labels_of(label))


def blocker_of(item: BillingRunItem) -> str:
    """Return what blocks a failed item now; reads its period and the period's tally."""
    if not item.period.is_open:
        return BILLED
    if item.code != HasUnratedActions.code:
        return item.message
    tally: PeriodTally | None = getattr(item.period, "tally", None)
    if tally is None:
        return item.message
    return unrated_in_words(tally.unrated) if tally.unrated else SETTLED
