"""Celery tasks for reports: each makes one call."""

from celery import shared_task
from django.utils.timezone import now

from billing_engine.core.queues.queue import Queue, sweep
from reports.domain.alerts.evaluate import evaluate
from reports.domain.alerts.mail import ALERT_MAILS

QUEUES: tuple[Queue, ...] = (ALERT_MAILS,)

MAX_SECONDS_PER_EMAIL = 240  # shorter than the lease of an attempt


@shared_task(name="reports.evaluate_alerts")
def evaluate_alerts_task(**_: object) -> int:
    """Open and resolve alerts; return how many were opened."""
    return evaluate(at=now())


@shared_task(name="reports.alert_mail", time_limit=MAX_SECONDS_PER_EMAIL)
def alert_mail_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Send one email about alerts."""
    ALERT_MAILS.work(item_id, attempt=attempt, at=now())


@shared_task(name="reports.sweep")
def sweep_task(**_: object) -> int:
    """Queue the emails that are due; return the number of messages."""
    return sweep(QUEUES, at=now())
