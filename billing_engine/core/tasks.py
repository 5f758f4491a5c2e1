"""Work is asked for by name, after commit: no storey imports another's tasks, and what is rolled back asks for nothing.

A message may be lost on the way (Redis may vanish); the rows' state is the real queue, and the beat sweeps find it again.
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

LEFT_ALONE = 10.0  # seconds, after a message could not be sent: an attempt may take three, and a run asks for hundreds
IN_LINE = 0.5  # seconds that a thread waits for another one's message to be gone

# A Redis that says nothing holds up one thread of a process and not all of them.
_sending = threading.Lock()
_asked_again_at = 0.0

Argument = int | str | list[int]


def after_commit(task: str, **arguments: Argument) -> None:
    """Send `task` with `arguments` once the transaction in progress has committed."""
    transaction.on_commit(partial(_send, task, arguments))


def _send(task: str, arguments: dict[str, Argument]) -> None:
    global _asked_again_at  # noqa: PLW0603 -- of this process; at worst another thread tries too
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
