"""Finds what waits to be rated, whatever became of the messages."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Min

from billing_engine.core.later import after_commit
from leads.models import BillingPeriod, UnratedMark
from pricing.domain.rate import rate_waiting

logger = logging.getLogger(__name__)

# Small periods are rated together, since reading the rules anew for each would cost more than rating it; a large one
# alone, so that it delays no other.
TOGETHER = 50
LARGE = 50_000


def ask_for_ratings() -> int:
    """Ask for the rating of every open period with a mark; answers how many."""
    waiting = BillingPeriod.objects.open().filter(unrated_marks__isnull=False).distinct().order_by("pk")
    sizes = list(waiting.values_list("pk", "tally__actions"))
    small = [pk for pk, actions in sizes if (actions or 0) <= LARGE]
    for start in range(0, len(small), TOGETHER):
        after_commit("pricing.rate_periods", period_ids=small[start : start + TOGETHER])
    for pk, actions in sizes:
        if (actions or 0) > LARGE:
            after_commit("pricing.rate_periods", period_ids=[pk])
    return len(sizes)


def waiting_since() -> datetime | None:
    """Since when the oldest of what came in has waited to be rated; None where nothing waits."""
    oldest: datetime | None = UnratedMark.objects.filter(period__state=BillingPeriod.State.OPEN).aggregate(
        at=Min("created_at")
    )["at"]
    return oldest


def rate_together(period_ids: Sequence[int], *, at: datetime) -> None:
    """Rate those that wait; if one of several can't be rated, each is asked for by itself, and only that one fails."""
    try:
        rate_waiting(period_ids, at=at)
    except Exception:
        if len(period_ids) == 1:
            raise
        logger.exception("Could not rate the periods %s together; each is tried alone.", period_ids)
        for period_id in period_ids:
            after_commit("pricing.rate_periods", period_ids=[period_id])
