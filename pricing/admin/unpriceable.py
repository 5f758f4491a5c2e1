"""Shown above the unrated actions: why some can't be priced, and billing periods that can't be rated at all."""

from typing import Any

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString

from billing_engine.core.admin_kit.cells import instant, link, list_of
from billing_engine.core.admin_kit.dialogs import dialog_link
from pricing.models import RatingAttempts, UnratedAction
from pricing.models.attempts import TRIES

REASONS_SHOWN = 10
PERIODS_SHOWN = 10
UNPRICEABLE = UnratedAction.Code.UNPRICEABLE


def reasons(waiting: QuerySet[UnratedAction]) -> list[dict[str, Any]]:
    """The messages of actions that can't be priced, with their counts, most frequent first."""
    rows = (
        UnratedAction.objects.filter(pk__in=waiting.filter(code=UNPRICEABLE).order_by().values("pk"))
        .values("message")
        .annotate(count=Count("pk"))
        .order_by("-count", "message")[:REASONS_SHOWN]
    )
    these = list_of("pricing.unratedaction", code__exact=UNPRICEABLE.value)
    return [{**row, "these": these} for row in rows]


def given_up(*, may_retry: bool) -> dict[str, Any]:
    """The latest periods that three attempts could not rate, each with a link to retry."""
    found = RatingAttempts.objects.given_up().select_related("period__customer").order_by("-attempted_at")
    rows = [
        {
            "period": link(one.period),
            "at": instant(one.attempted_at, one.period.customer.zone),
            "message": in_words(one),
            "retry": retry_link(one) if may_retry else "",
        }
        for one in found[:PERIODS_SHOWN]
    ]
    return {"rows": rows, "count": found.count() if len(rows) == PERIODS_SHOWN else len(rows), "tries": TRIES}


def in_words(attempts: RatingAttempts) -> str:
    """The result of the last attempt."""
    return attempts.message or "The worker died while rating this period."


def retry_link(attempts: RatingAttempts) -> SafeString:
    """A link to the dialog of the period's own button."""
    return dialog_link(reverse("admin:leads_billingperiod_retry", args=[attempts.pk]), "Retry")
