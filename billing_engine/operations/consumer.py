"""Celery's consumer, with a heartbeat from its own loop and while it waits for an unavailable broker."""

import logging
from collections.abc import Callable
from typing import Any

from celery.worker.consumer import Consumer

from billing_engine.operations import heartbeat
from pricing.rating import WHY_PURE

logger = logging.getLogger(__name__)


class BeatingConsumer(Consumer):
    """An unavailable broker is not the worker's error, so reconnecting counts as being alive."""

    def start(self) -> None:
        """Called once; tells which code rates, because plain Python takes longer."""
        logger.info("Rating runs %s.", f"as plain Python: {WHY_PURE}" if WHY_PURE else "compiled")
        super().start()

    def register_with_event_loop(self, hub: Any) -> None:
        """Called whenever the loop starts, also after the broker came back."""
        super().register_with_event_loop(hub)
        heartbeat.leave()
        hub.call_repeatedly(heartbeat.EVERY_SECONDS, heartbeat.leave)

    def ensure_connected(self, conn: Any) -> Any:
        """Celery's own retries, with a heartbeat between them."""
        ensure = conn.ensure_connection

        def beating(*args: Any, callback: Callable[[], Any] | None = None, **options: Any) -> Any:
            def between() -> None:
                heartbeat.leave()
                if callback:
                    callback()

            return ensure(*args, callback=between, **options)

        conn.ensure_connection = beating
        return super().ensure_connected(conn)
