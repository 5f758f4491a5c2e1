"""Finds what waits to be rated, whatever became of the messages."""

from billing_engine.core.later import after_commit
from leads.models import BillingPeriod


def ask_for_ratings() -> int:
    """Ask for the rating of every open period with a mark; answers how many."""
    waiting = BillingPeriod.objects.open().filter(unrated_marks__isnull=False).distinct().values_list("pk", flat=True)
    for period_id in waiting:
        after_commit("pricing.rate_period", period_id=period_id)
    return len(waiting)
