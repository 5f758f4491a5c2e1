"""What workers do for pricing: each task loads by id and makes one call."""

from celery import shared_task
from django.utils.timezone import now

from pricing.domain.rate import rate_waiting
from pricing.domain.sweep import ask_for_ratings


@shared_task(name="pricing.rate_period")
def rate_period_task(*, period_id: int, **_: object) -> None:
    """Rate one open period, if something has changed for it."""
    rate_waiting(period_id, at=now())


@shared_task(name="pricing.sweep")
def sweep_task(**_: object) -> int:
    """Ask for the rating of every open period that something has changed for; answers how many."""
    return ask_for_ratings()
