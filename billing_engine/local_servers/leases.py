"""Who uses the servers of a folder: every command holds a lease while it runs, and the last one to leave stops them.

The lease is a shared lock on a file, so a killed command releases it too; the next command that ends stops the servers
for both.
"""

import fcntl
import os
import time
from collections.abc import Callable

from billing_engine.local_servers.errors import LocalServerError
from billing_engine.local_servers.folder import LOCK_SECONDS, STEP_SECONDS, Folder


class Hold:
    """One command's lease on the servers of a folder, from its creation until it leaves."""

    def __init__(self, folder: Folder) -> None:
        """Wait while the previous last user is stopping the servers."""
        folder.make()
        self._file = os.open(folder.path / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
        self._left = False
        deadline = time.monotonic() + LOCK_SECONDS
        while not self._locked(fcntl.LOCK_SH):
            if time.monotonic() > deadline:
                raise LocalServerError(
                    f"The servers of {folder.path} have been stopping for {LOCK_SECONDS:.0f} seconds."
                )
            time.sleep(STEP_SECONDS)

    def leave(self, *, stop: Callable[[], None]) -> None:
        """Release the lease, and stop the servers if no other command has one; leaving twice is harmless."""
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
