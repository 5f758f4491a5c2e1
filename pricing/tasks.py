"""Celery tasks of pricing: each loads by id and makes one call."""

from celery import shared_task
from django.utils.timezone import now

from billing_engine.core.queues.queue import Queue, sweep
from pricing.domain.rate.sweep import RATINGS
from pricing.domain.rate.usage import USE_COUNTS
from pricing.domain.rule_book.sheet.imports import RULE_IMPORTS, SECONDS_UNTIL_KILLED
from pricing.domain.simulation.announced import ANNOUNCED_COSTS
from pricing.domain.simulation.simulate import SIMULATIONS

QUEUES: tuple[Queue, ...] = (RATINGS, USE_COUNTS, SIMULATIONS, ANNOUNCED_COSTS, RULE_IMPORTS)


@shared_task(name="pricing.rate_periods")
def rate_periods_task(*, period_ids: list[int], **_: object) -> None:
    """Rate those of these open periods that have changes."""
    RATINGS.work(period_ids, at=now())


@shared_task(name="pricing.count_uses")
def count_uses_task(*, period_id: int, **_: object) -> None:
    """Count what each rule charged in a period."""
    USE_COUNTS.work(period_id, at=now())


@shared_task(name="pricing.simulate_customers", acks_late=True)
def simulate_customers_task(*, item_ids: list[int], attempt: int, **_: object) -> None:
    """Rate some customers of a simulation."""
    SIMULATIONS.work(item_ids, attempt=attempt, at=now())


@shared_task(name="pricing.rate_announced", acks_late=True)
def rate_announced_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Rate a large customer's month by announced prices."""
    ANNOUNCED_COSTS.work(item_id, attempt=attempt, at=now())


@shared_task(name="pricing.import_rules", time_limit=SECONDS_UNTIL_KILLED)
def import_rules_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Check the spreadsheet of an import, or create its drafts."""
    RULE_IMPORTS.work(item_id, attempt=attempt, at=now())


@shared_task(name="pricing.sweep")
def sweep_task(**_: object) -> int:
    """Queue the ratings, counts, simulations, announced costs and imports that are due; returns the number of messages."""
    return sweep(QUEUES, at=now())
