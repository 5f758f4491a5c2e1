"""Background tasks for reports."""

from celery import shared_task
from django.utils.timezone import now

from reports.domain.forecast.prepare import prepare


@shared_task(name="reports.prepare_forecasts")
def prepare_forecasts_task(**_: object) -> int:
    """Keep what the month's forecasts start from; return the number of rows."""
    return prepare(at=now())
