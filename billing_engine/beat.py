"""Celery's beat, which also says that it is alive."""

import logging
import time
from typing import Any

import redis
from django_celery_beat.schedulers import DatabaseScheduler

from billing_engine import health

EVERY_SECONDS = 5.0

logger = logging.getLogger(__name__)


class BeatingScheduler(DatabaseScheduler):  # type: ignore[misc]  # it carries no types
    """The schedule in the database, which people may move; every few seconds a sign in Redis that readiness looks for."""

    last_sign = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, and leave the sign."""
        wait: float = super().tick(*args, **kwargs)
        if time.monotonic() - self.last_sign >= EVERY_SECONDS:
            self._leave_a_sign()
        return min(wait, EVERY_SECONDS)

    def _leave_a_sign(self) -> None:
        try:
            health.beats()
            self.last_sign = time.monotonic()
        except redis.RedisError as error:
            logger.warning("Beat could not say that it is alive: %s", error)
