"""How many requests a process handles at once, and how many wait, so that one thread always answers `/livez` at once.

A process has a thread for each slot, one for each request that may wait, and one more. Without a free slot a request waits,
first come, first served; with all waiting places taken, it is refused at once. No request waits while the database is suspected
to be stalled, because then no slot becomes free.

A slot keeps its database connections and lends them to the thread that has it. So there are as many connections as slots,
however many threads take turns.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass, field

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from billing_engine.operations.database_stalls import watchdog

POLL_SECONDS = 0.1
LONGEST_SECONDS = 30
# A burst that every process can take without refusing anyone; a waiting thread costs some 50 kB.
WAITING = 60


@dataclass(eq=False)
class Slot:
    """The right to handle one request, with the connections to do it."""

    connections: dict[str, BaseDatabaseWrapper] = field(default_factory=dict)
    room: "_Room | None" = None

    def give_back(self) -> None:
        """Free the slot, in the thread that has it; the longest waiting request gets it."""
        if self.room is None:
            return
        for connection in connections.all(initialized_only=True):
            connection.close_if_unusable_or_obsolete()
            if connection.alias not in self.connections:
                connection.inc_thread_sharing()
            self.connections[connection.alias] = connection
            del connections[connection.alias]
        self.room.free(self)

    def lend(self) -> "Slot":
        """Let this thread use the slot's connections."""
        for alias, connection in self.connections.items():
            connection.close_if_unusable_or_obsolete()
            connections[alias] = connection
        return self


@dataclass(eq=False)
class _Waiting:
    """A request, waiting for a slot."""

    got: threading.Event = field(default_factory=threading.Event)
    slot: Slot | None = None


class _Room:
    """The slots of one process, and its waiting requests."""

    def __init__(self, places: int, waiting: int) -> None:
        self._lock = threading.Lock()
        self._free = [Slot(room=self) for _ in range(places)]
        self._waiting = deque[_Waiting]()
        self._most = waiting

    def take(self) -> Slot | None:
        with self._lock:
            if self._free:
                return self._free.pop()
            if len(self._waiting) >= self._most:
                return None
            waiting = _Waiting()
            self._waiting.append(waiting)
        deadline = time.monotonic() + LONGEST_SECONDS
        while not watchdog.is_suspected() and time.monotonic() < deadline:
            if waiting.got.wait(POLL_SECONDS):
                return waiting.slot
        return self._leave(waiting)

    def free(self, slot: Slot) -> None:
        with self._lock:
            if not self._waiting:
                self._free.append(slot)
                return
            first = self._waiting.popleft()
            first.slot = slot
        first.got.set()

    def _leave(self, waiting: _Waiting) -> Slot | None:
        """Stop waiting; it may have got a slot at the last moment."""
        with self._lock:
            if waiting.slot is None:
                self._waiting.remove(waiting)
        return waiting.slot


class _Process:
    """The room of this process; unlimited until its threads have been counted."""

    room: _Room | None = None


def allow(places: int, *, waiting: int = WAITING) -> None:
    """Set how many requests may be handled, and how many may wait, in each process forked from here."""
    _Process.room = _Room(places, waiting)


def take() -> Slot | None:
    """Take a slot, waiting for it if needed; the caller must give it back. None if there is none."""
    if _Process.room is None:
        return Slot()
    slot = _Process.room.take()
    return slot.lend() if slot else None
