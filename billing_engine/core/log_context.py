"""The context of log lines: the request, delivery, run or task they belong to.

Stored per thread and request or task, so that log calls need not pass it.
"""

from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

REQUEST = "request"
HEADER = "asked_by"  # headers of a task's message

Id = int | str


def begin(**ids: Id) -> None:
    """A request or a task starts: clear the earlier context."""
    clear_contextvars()
    bind_contextvars(**ids)


def follow(**ids: Id) -> None:
    """Add these ids to the following log lines."""
    bind_contextvars(**ids)


def end() -> None:
    """The request or task is over: clear the context."""
    clear_contextvars()


def asked_by() -> str:
    """The id of the current request, or of the request that queued this task; empty if there is none."""
    return str(get_contextvars().get(REQUEST, ""))
