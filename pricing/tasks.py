"""What workers do for pricing: each task loads by id and makes one call."""

from celery import shared_task
from django.utils.timezone import now

from pricing.domain.rate.sweep import ask_for_ratings, rate_together
from pricing.domain.rate.usage import ask_for_counts, count_uses
from pricing.domain.simulation.simulate import ask_for_simulations, simulate_customer


@shared_task(name="pricing.rate_periods")
def rate_periods_task(*, period_ids: list[int], **_: object) -> None:
    """Rate these open periods, those that something has changed for."""
    rate_together(period_ids, at=now())


@shared_task(name="pricing.count_uses")
def count_uses_task(*, period_id: int, **_: object) -> None:
    """Count what each rule charged in a period."""
    count_uses(period_id, at=now())


@shared_task(name="pricing.simulate_customer", acks_late=True)
def simulate_customer_task(*, item_id: int, **_: object) -> None:
    """Rate one customer's part of a simulation."""
    simulate_customer(item_id, at=now())


@shared_task(name="pricing.sweep")
def sweep_task(**_: object) -> int:
    """Ask for the ratings, counts and simulations that are waiting; answers how many."""
    return ask_for_ratings() + ask_for_counts(at=now()) + ask_for_simulations(at=now())
