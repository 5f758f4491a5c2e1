"""Keep the chain of deeds: seal what was done, and write its head to the log stream, outside the database."""

import logging
from typing import Any

from celery import shared_task
from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds import chain
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb

DEEDS_EXPORTED = Verb("deeds_exported", "Deed log exported")

logger = logging.getLogger("billing_engine.deeds")


@shared_task(name="core.seal_deeds")
def seal_deeds(**_: Any) -> int:
    """Give all committed deeds their places in the chain."""
    return chain.seal()


@shared_task(name="core.publish_head_of_deeds")
def publish_head(**_: Any) -> None:
    """Log the end of the chain; `manage.py check_invariants --head` compares it later."""
    chain.seal()
    if head := chain.head():
        logger.info("Head of the deed log: %s", head, extra={"head": str(head)})


@transaction.atomic
def record_export(by: User, *, form: str, count: int, filters: dict[str, Any]) -> None:
    """Record that a person exported the log, or a part of it."""
    record(DEEDS_EXPORTED, on=by, by=by, after={"format": form, "deeds": count, "filters": filters})
