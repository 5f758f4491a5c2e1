"""Celery's beat, which also reports that it is alive and, on AWS, writes the metrics for alarms and scaling."""

import logging
import time
from typing import Any

import redis
from django.conf import settings
from django.db import close_old_connections
from django.utils.timezone import now
from django_celery_beat.schedulers import DatabaseScheduler

from billing_engine.operations import health, heartbeat
from billing_engine.operations.monitoring import cloudwatch

FIGURES_SECONDS = 60.0

logger = logging.getLogger(__name__)


class BeatingScheduler(DatabaseScheduler):  # type: ignore[misc]  # it has no types
    """The schedule in the database, which users may change; a heartbeat in Redis every few seconds, metrics every minute."""

    last_sign = 0.0
    last_figures = float("-inf")

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, and leave heartbeats: a file for the container, a key in Redis for others."""
        heartbeat.leave()
        wait: float = super().tick(*args, **kwargs)
        if time.monotonic() - self.last_sign >= heartbeat.EVERY_SECONDS:
            self._leave_a_sign()
        if settings.METRICS_NAMESPACE and time.monotonic() - self.last_figures >= FIGURES_SECONDS:
            self._write_figures()
        return min(wait, heartbeat.EVERY_SECONDS)

    def _leave_a_sign(self) -> None:
        try:
            health.beats()
            self.last_sign = time.monotonic()
        except redis.RedisError as error:
            logger.warning("Beat could not report that it is alive: %s", error)

    def _write_figures(self) -> None:
        self.last_figures = time.monotonic()
        close_old_connections()
        cloudwatch.write(at=now(), namespace=settings.METRICS_NAMESPACE)
