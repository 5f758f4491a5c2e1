"""Celery tasks for reports: each one makes one call."""

from celery import shared_task
from django.utils.timezone import now

from billing_engine.core.queues.queue import Queue, sweep
from reports.domain.alerts.evaluate import evaluate
from reports.domain.alerts.mail import ALERT_MAILS
from reports.domain.exports.write import EXPORTS
from reports.domain.forecast.prepare import prepare
from reports.domain.saved.mailing import Mailings
from reports.queries.explore.file import EXPLORED
from reports.queries.mailed.letter import letter_of
from reports.queries.prices.file import PRICES
from reports.queries.unbilled.file import UNBILLED

MAILINGS = Mailings(letter_of)
QUEUES: tuple[Queue, ...] = (EXPORTS, MAILINGS, ALERT_MAILS)
# Imported, so that a worker knows every report that can be exported.
EXPORTED = (EXPLORED, PRICES, UNBILLED)

# Shorter than the lease of an attempt, after which another worker may claim it.
MAX_SECONDS_PER_EMAIL, MAX_SECONDS_PER_REPORT = 240, 360


@shared_task(name="reports.export")
def export_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Write the file of one export."""
    EXPORTS.work(item_id, attempt=attempt, at=now())


@shared_task(name="reports.mail", time_limit=MAX_SECONDS_PER_REPORT)
def mail_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Send one report."""
    MAILINGS.work(item_id, attempt=attempt, at=now())


@shared_task(name="reports.alert_mail", time_limit=MAX_SECONDS_PER_EMAIL)
def alert_mail_task(*, item_id: int, attempt: int, **_: object) -> None:
    """Send one email about alerts."""
    ALERT_MAILS.work(item_id, attempt=attempt, at=now())


@shared_task(name="reports.evaluate_alerts")
def evaluate_alerts_task(**_: object) -> int:
    """Open and resolve alerts; return how many were opened."""
    return evaluate(at=now())


@shared_task(name="reports.sweep")
def sweep_task(**_: object) -> int:
    """Delete expired files, start the schedules that are due, and queue what is left; return the number of messages."""
    return sweep(QUEUES, at=now())


@shared_task(name="reports.prepare_forecasts")
def prepare_forecasts_task(**_: object) -> int:
    """Keep what the month's forecasts start from; return the number of rows."""
    return prepare(at=now())
