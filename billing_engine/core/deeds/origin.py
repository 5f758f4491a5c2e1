"""Where the deeds of this thread come from: the address of the request, or the command."""

from contextvars import ContextVar

from billing_engine.core import log_context

_address: ContextVar[str] = ContextVar("deed_address", default="")
_command: ContextVar[str] = ContextVar("deed_command", default="")


def request_from(address: str) -> None:
    """A request from this address starts."""
    _address.set(address)


def command(name: str) -> None:
    """This process runs a command."""
    _command.set(name)


def address() -> str | None:
    """Return the address of the current request; None outside requests."""
    return _address.get() or None


def task() -> str:
    """Return the task that this thread carries out, or the command; empty in a request."""
    return str(log_context.ids().get("task", "")) or ("" if _address.get() else _command.get())


def request() -> str:
    """Return the ID of the current request, or of the request that asked for this task."""
    return log_context.asked_by()
