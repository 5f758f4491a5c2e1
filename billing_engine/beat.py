"""Celery's beat, which also says that it is alive, and how much waits."""

import logging
import time
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.utils.timezone import now
from django_celery_beat.schedulers import DatabaseScheduler

from billing_engine import health, heartbeat, measures

MEASURE_SECONDS = 60.0

logger = logging.getLogger(__name__)


class BeatingScheduler(DatabaseScheduler):  # type: ignore[misc]  # it carries no types
    """The schedule in the database, which people may move; a sign in Redis every few seconds, measures every minute."""

    last_sign = 0.0
    last_measure = float("-inf")

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, and leave the signs: a file for the container, a key for everybody."""
        heartbeat.leave()
        wait: float = super().tick(*args, **kwargs)
        if time.monotonic() - self.last_sign >= heartbeat.EVERY_SECONDS:
            self._leave_a_sign()
        if settings.METRICS_NAMESPACE and time.monotonic() - self.last_measure >= MEASURE_SECONDS:
            self._measure()
        return min(wait, heartbeat.EVERY_SECONDS)

    def _leave_a_sign(self) -> None:
        try:
            health.beats()
            self.last_sign = time.monotonic()
        except redis.RedisError as error:
            logger.warning("Beat could not say that it is alive: %s", error)

    def _measure(self) -> None:
        self.last_measure = time.monotonic()
        close_old_connections()
        try:
            measures.write(at=now())
        except (DatabaseError, redis.RedisError) as error:
            logger.warning("Beat could not measure what waits: %s", error)
