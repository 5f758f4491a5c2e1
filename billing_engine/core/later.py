"""Work is asked for by name, after commit: no storey imports another's tasks, and what is rolled back asks for nothing.

A message may be lost on the way (Redis may vanish); the rows' state is the real queue, and the beat sweeps find it again.
"""

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from billing_engine.core import trail

logger = logging.getLogger(__name__)

Argument = int | str | list[int]


def after_commit(task: str, **arguments: Argument) -> None:
    """Send `task` with `arguments` once the transaction in progress has committed."""
    transaction.on_commit(partial(_send, task, arguments))


def _send(task: str, arguments: dict[str, Argument]) -> None:
    try:
        current_app.send_task(task, kwargs=arguments, headers={trail.HEADER: trail.asked_by()}, retry=False)
    except OperationalError:
        logger.warning("Could not ask for %s(%s); the next sweep will.", task, arguments)
