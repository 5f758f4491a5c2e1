"""What every line of the log says of itself: the request, the delivery, the run or the task it belongs to.

Kept per thread and request or task, so that no line has to be told what it is about.
"""

from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

REQUEST = "request"
HEADER = "asked_by"  # of a task's message

Id = int | str


def begin(**ids: Id) -> None:
    """A request or a task begins: what was followed before is forgotten."""
    clear_contextvars()
    bind_contextvars(**ids)


def follow(**ids: Id) -> None:
    """What comes from here on is about these too."""
    bind_contextvars(**ids)


def end() -> None:
    """It is over."""
    clear_contextvars()


def asked_by() -> str:
    """The id of the request that is being answered, or that asked for this task; empty where there is none."""
    return str(get_contextvars().get(REQUEST, ""))
