"""One thread per process checks how long PostgreSQL has been busy, and breaks off what a stalled server never answers.

A statement's duration says nothing: a long one and a frozen server look the same from here. So if one takes longer than
most, the server gets a small query over a separate connection. While it answers that, or refuses it, the statement may
take its time, within its own limits. If it does not, the waiting connections are shut down, which libpq notices at
once, and no new statement is sent until the server answers.
"""

import logging
import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import psycopg2
from psycopg2 import extensions

POLL_SECONDS = 0.1
LATE_SECONDS = 0.3  # after which the server is checked while a statement runs
SUSPECT_SECONDS = 0.3  # after which a server that has not answered the check is suspected to be stalled

SILENT = "The database does not respond."

logger = logging.getLogger(__name__)


class Patience(NamedTuple):
    """How long a process waits: for an unresponsive server, and for one statement (0: unlimited)."""

    silence_seconds: float
    statement_seconds: int


# No client waits for a worker, and one that gives up too early repeats its work.
OF_WORKERS = Patience(silence_seconds=20, statement_seconds=0)
# NGINX waits 65 seconds for a response, most senders' programs less.
OF_WEB = Patience(silence_seconds=2, statement_seconds=60)


class _Waiting(NamedTuple):
    """A connection that is waiting for its server."""

    connection: extensions.connection
    address: str
    since: float


class _Process:
    """The state of one process; a fork starts with an empty one."""

    def __init__(self) -> None:
        self.waiting: dict[int, _Waiting] = {}
        self.unanswered_since: dict[str, float] = {}  # by address: when the server was sent the check
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None


_process = _Process()
_patience = OF_WORKERS


def _forget() -> None:
    global _process  # noqa: PLW0603 -- the parent's thread and its connections stay with the parent
    _process = _Process()


os.register_at_fork(after_in_child=_forget)


def be(patience: Patience) -> None:
    """Set this process's patience."""
    global _patience  # noqa: PLW0603 -- set once, by the process's start command
    _patience = patience


def patience() -> Patience:
    """This process's patience."""
    return _patience


def is_suspected() -> bool:
    """Whether a check has gone unanswered for a moment, so that waiting may take long."""
    now = time.monotonic()
    return any(now - since > SUSPECT_SECONDS for since in list(_process.unanswered_since.values()))


def refuse_if_silent(address: str) -> None:
    """Raises OperationalError if the server is known to be unresponsive."""
    since = _process.unanswered_since.get(address)
    if since is not None and time.monotonic() - since > _patience.silence_seconds:
        raise psycopg2.OperationalError(SILENT)


@contextmanager
def asking(connection: extensions.connection, address: str) -> Iterator[None]:
    """Watch the connection while it waits for its server. Raises OperationalError if that is unresponsive."""
    refuse_if_silent(address)
    process, key = _process, id(connection)
    if process.thread is None:
        _start(process)
    process.waiting[key] = _Waiting(connection, address, time.monotonic())
    try:
        yield
    finally:
        with process.lock:  # so that a connection being closed is not shut down
            process.waiting.pop(key, None)


def _start(process: _Process) -> None:
    with process.lock:
        if process.thread is None:
            process.thread = threading.Thread(target=_watch, args=[process], name="silence", daemon=True)
            process.thread.start()


def _watch(process: _Process) -> None:
    while True:
        time.sleep(POLL_SECONDS)
        try:
            for address in _worth_asking(process):
                _check_server(process, address)
        except Exception:
            logger.exception("Could not check whether the database responds.")


def _worth_asking(process: _Process) -> set[str]:
    before = time.monotonic() - LATE_SECONDS
    late = {waiting.address for waiting in list(process.waiting.values()) if waiting.since < before}
    return late | set(process.unanswered_since)


def _check_server(process: _Process, address: str) -> None:
    since = process.unanswered_since.setdefault(address, time.monotonic())
    if _answers(address, seconds=_patience.silence_seconds):
        del process.unanswered_since[address]
        if time.monotonic() - since > _patience.silence_seconds:
            logger.warning("The database responds again.")
        return
    with process.lock:
        silent = [waiting for waiting in process.waiting.values() if waiting.address == address]
        for waiting in silent:
            _shut_down(waiting.connection)
    logger.error("%s Connections broken off: %s.", SILENT, len(silent))


def _answers(address: str, *, seconds: float) -> bool:
    """Whether the server says anything to a new connection within that time; a refusal counts."""
    deadline = time.monotonic() + seconds
    try:
        asked = psycopg2.connect(address, async_=True)
    except psycopg2.Error:
        return True
    try:
        while (state := asked.poll()) != extensions.POLL_OK:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            looked_for = select.POLLIN if state == extensions.POLL_READ else select.POLLOUT
            poll = select.poll()
            poll.register(asked.fileno(), looked_for)
            poll.poll(left * 1000)
    except psycopg2.Error:
        return True
    finally:
        asked.close()
    return True


def _shut_down(connection: extensions.connection) -> None:
    with suppress(OSError, psycopg2.Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
