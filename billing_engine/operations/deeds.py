"""Keep the chain of deeds: seal what was done, and write its head to the log stream, outside the database."""

import logging
from typing import Any

from celery import shared_task

from billing_engine.core.deeds import chain

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
