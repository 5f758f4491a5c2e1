"""The context of log lines: the request, delivery, run or task they belong to.

Stored per thread and request or task, so that log calls need not pass it.
"""

from collections.abc import Mapping
from contextvars import ContextVar

REQUEST = "request"
HEADER = "asked_by"  # headers of a task's message

Id = int | str

# Replaced, never changed: what a copied context holds stays as it was.
_ids: ContextVar[Mapping[str, Id]] = ContextVar("log_ids", default={})  # noqa: B039 -- never changed


def begin(**ids: Id) -> None:
    """A request or a task starts: clear the earlier context."""
    _ids.set(ids)


def follow(**ids: Id) -> None:
    """Add these ids to the following log lines."""
    _ids.set({**_ids.get(), **ids})


def end() -> None:
    """The request or task is over: clear the context."""
    _ids.set({})


def ids() -> Mapping[str, Id]:
    """The ids of the current context."""
    return _ids.get()


def asked_by() -> str:
    """The id of the current request, or of the request that queued this task; empty if there is none."""
    return str(_ids.get().get(REQUEST, ""))
