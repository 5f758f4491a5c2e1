"""Who uses the servers of a folder: every command holds them while it runs, and the last one to leave stops them.

The hold is a shared lock on a file, so a command that is killed lets go of it too; the next one that ends then stops the
servers for both.
"""

import fcntl
import os
import time
from collections.abc import Callable

from billing_engine.local_servers.errors import DeskError
from billing_engine.local_servers.folder import LOCK_SECONDS, STEP_SECONDS, Folder


class Hold:
    """One command's hold on the servers of a folder, from when it is made until it leaves."""

    def __init__(self, folder: Folder) -> None:
        """Wait while the last user of before is stopping the servers."""
        folder.make()
        self._file = os.open(folder.path / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
        self._left = False
        deadline = time.monotonic() + LOCK_SECONDS
        while not self._locked(fcntl.LOCK_SH):
            if time.monotonic() > deadline:
                raise DeskError(f"The servers of {folder.path} have been stopping for {LOCK_SECONDS:.0f} seconds.")
            time.sleep(STEP_SECONDS)

    def leave(self, *, stop: Callable[[], None]) -> None:
        """Let go, and stop the servers when no other command holds them; leaving twice is no mistake."""
        if self._left:
            return
        self._left = True
        try:
            if self._locked(fcntl.LOCK_EX):
                stop()
        finally:
            os.close(self._file)

    def _locked(self, kind: int) -> bool:
        try:
            fcntl.flock(self._file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
