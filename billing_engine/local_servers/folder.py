"""The folder of a checkout that holds everything the embedded servers and `make run` store.

Data, logs, passwords and ports are together and readable only by their owner, so deleting the folder starts over, and
two checkouts on one machine never collide.
"""

import fcntl
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from billing_engine.local_servers.errors import LocalServerError

STEP_SECONDS = 0.02
LOCK_SECONDS = 120.0


class Folder:
    """One private folder: small JSON states written atomically, and locks between commands."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    def make(self) -> None:
        """Create the folder; refuse one that belongs to another user, whose servers are not ours to run."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = self.path.stat().st_uid
        except OSError as error:
            raise LocalServerError(
                f"The folder {self.path} can't be created: {error.strerror}. Make it writable for your user."
            ) from error
        if owner != os.geteuid():
            raise LocalServerError(
                f"The folder {self.path} belongs to user number {owner} and you are number {os.geteuid()}. "
                "Run the command as that user, or delete the folder (its data too) to start over."
            )

    def read(self, name: str) -> dict[str, Any]:
        """The state stored under a name; empty if there is none."""
        file = self._state_file(name)
        try:
            state: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        except (FileNotFoundError, PermissionError):
            return {}  # A folder of another user reads as empty here; `make` then names the owner.
        except ValueError as error:
            raise LocalServerError(
                f"{file} is not readable JSON ({error}). Delete {self.path} to start over."
            ) from error
        return state

    def write(self, name: str, state: dict[str, Any]) -> None:
        """Replace a state atomically: after a power failure, there is the old one or the new one."""
        self.make()
        handle, temporary = tempfile.mkstemp(prefix=f".{name}-", dir=self.path)  # mkstemp creates it with 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(state, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._state_file(name))
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Let one command at a time through; the kernel releases the lock of a killed command."""
        self.make()
        lock_file = self.path / f"{name}.lock"
        lock_file.touch(mode=0o600)  # a file that others can open is a lock that others can hold
        with lock_file.open("w") as file:
            deadline = time.monotonic() + LOCK_SECONDS
            while not _locked(file.fileno()):
                if time.monotonic() > deadline:
                    raise LocalServerError(
                        f"Another command has been starting or stopping {name} in {self.path} for {LOCK_SECONDS:.0f} "
                        "seconds. Look for it with `ps`, end it, and try again."
                    )
                time.sleep(STEP_SECONDS)
            yield

    def _state_file(self, name: str) -> Path:
        return self.path / f"{name}.json"


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
