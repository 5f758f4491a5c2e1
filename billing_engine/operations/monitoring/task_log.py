"""Log every task: one line with its id and the id of the request that queued it."""

import logging
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from celery import Task

from billing_engine.core import log_context
from billing_engine.operations.monitoring import traces

SUCCESS = "SUCCESS"

logger = logging.getLogger("billing_engine.tasks")


@dataclass(frozen=True, slots=True)
class Doing:
    """A running task: its start time, and its span."""

    started: float
    closing: ExitStack
    span: Any


class WatchedTask(Task):  # type: ignore[type-arg]  # generic only in celery-types
    """The base class of the engine's tasks."""

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        ids = {"task": self.name, "task_id": task_id}
        # A worker finds it next to Celery's own headers; a task that is called directly among its own headers.
        asked_by = self.request.get(log_context.HEADER) or (self.request.headers or {}).get(log_context.HEADER)
        log_context.begin(**ids, **({log_context.REQUEST: asked_by} if asked_by else {}))
        closing = ExitStack()
        span = closing.enter_context(traces.span(self.name, **ids))
        self.request.update(doing=Doing(time.perf_counter(), closing, span))

    def after_return(self, status: str, retval: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        doing: Doing = self.request.get("doing")
        ms = round((time.perf_counter() - doing.started) * 1000, 1)
        if status != SUCCESS:
            traces.fail(doing.span)
        doing.closing.close()
        # A sweep that finds nothing is not logged: there are three of them every few seconds.
        level = logging.DEBUG if status == SUCCESS and self.name.endswith(".sweep") and not retval else logging.INFO
        logger.log(level, "%s %s in %s ms", self.name, status.lower(), ms, extra={"state": status.lower(), "ms": ms})
        log_context.end()
