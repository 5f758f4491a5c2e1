"""Request work by name, after commit: no app imports tasks of apps above, and a rollback requests nothing.

A message may get lost (Redis may vanish); the rows' state is the real queue, and the beat sweeps find it again.
"""

import logging
import threading
import time
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from billing_engine.core import log_context

logger = logging.getLogger(__name__)

LEFT_ALONE = 10.0  # seconds after a failed send: an attempt may take three, and a run sends hundreds
IN_LINE = 0.5  # seconds that a thread waits for another one's send

# An unresponsive Redis blocks one thread of a process, not all of them.
_sending = threading.Lock()
_asked_again_at = 0.0

Argument = int | str | list[int]


def after_commit(task: str, **arguments: Argument) -> None:
    """Send `task` with `arguments` once the current transaction has committed."""
    transaction.on_commit(partial(_send, task, arguments))


def _send(task: str, arguments: dict[str, Argument]) -> None:
    global _asked_again_at  # noqa: PLW0603 -- per process; at worst another thread also tries
    try:
        if time.monotonic() < _asked_again_at or not _sending.acquire(timeout=IN_LINE):
            raise OperationalError
        try:
            current_app.send_task(
                task, kwargs=arguments, headers={log_context.HEADER: log_context.asked_by()}, retry=False
            )
        finally:
            _sending.release()
    except OperationalError:
        if time.monotonic() >= _asked_again_at:
            _asked_again_at = time.monotonic() + LEFT_ALONE
        logger.warning("Could not ask for %s(%s); the next sweep will.", task, arguments)
