"""What a signal does to `make run`: the first stops it, the second says what it waits for, the third kills everything.

Stopping must not be cut short: a second Ctrl-C that raised in the middle of it would leave children behind. So a signal
raises at most once, and only within `raising`; code after that context is never interrupted.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

# SIGINT too: a shell that starts us in the background sets it to ignored. SIGHUP: the terminal was closed.
NUMBERS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_AS_IF_INTERRUPTED = 130


class Interrupts:
    """Counts the stop signals, and decides what each of them does."""

    def __init__(self, *, awaited: Callable[[], str], force: Callable[[], None]) -> None:
        self._awaited = awaited
        self._force = force
        self._count = 0
        self._raises = False
        self._held = False

    def install(self) -> None:
        """Handle all of them from now on."""
        for number in NUMBERS:
            signal.signal(number, self._arrived)

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Let the first signal raise KeyboardInterrupt in here; one that came before raises at once."""
        self._raises = True
        try:
            self._raise_if_due()
            yield
        finally:
            self._raises = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Delay raising to the end of the block: for steps that must complete, such as starting a child and storing its pid."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        self._raise_if_due()

    def _arrived(self, _number: int, _frame: FrameType | None) -> None:
        self._count += 1
        if self._count == 1:
            self._raise_if_due()
        elif self._count == 2:
            _tell(f"Still waiting for {self._awaited()}. Press Ctrl-C again to kill everything.")
        else:
            self._force()
            _tell("Killed all processes.")
            os._exit(_AS_IF_INTERRUPTED)

    def _raise_if_due(self) -> None:
        if self._count and self._raises and not self._held:
            self._raises = False
            raise KeyboardInterrupt


def _tell(words: str) -> None:
    """Write past Python's buffers, which the signal may have interrupted in the middle of a line."""
    os.write(sys.stderr.fileno(), f"{words}\n".encode())
