"""Where an embedded server keeps its data, and which user it runs as.

PostgreSQL refuses to run as root, and a listening server of root's would be a risk anyway: if root starts them (a
container, a build machine), both servers run as `nobody`. Their data then has to be where `nobody` has access.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from billing_engine.local_servers.errors import LocalServerError
from billing_engine.local_servers.folder import STEP_SECONDS, Folder

# For a checkout below a folder that `nobody` can't enter (root's home is 0700). Not /tmp or /var/tmp: the data must
# survive a reboot, and cleanup jobs there would delete single files out of a database. Only root writes here, so
# no other user can occupy the name.
ELSEWHERE = Path("/var/lib/lead-billing-engine")

# In every server's environment, so that a checkout's code finds all servers it started, wherever the data is.
MARK = "LEAD_BILLING_CHECKOUT"
_CHECKOUT = str(Path(__file__).resolve().parents[2])


@dataclass(frozen=True)
class Account:
    """A user that a server runs as."""

    uid: int
    gid: int


class ServerHome:
    """The home of one server inside the checkout's folder, and the account that owns it."""

    def __init__(self, folder: Folder, name: str) -> None:
        self._folder = folder
        self._link = folder.path / name
        self.account = _nobody() if os.geteuid() == 0 else None

    @property
    def home(self) -> Path:
        """The folder of the server's data; a link in the checkout's folder if the data is elsewhere."""
        return self._link.resolve()

    def take(self) -> None:
        """Create the home, owned by the server's account and closed to all other users."""
        self._folder.make()
        if self._link.is_dir():
            return
        if not self._link.is_symlink() and not self._reaches(self._folder.path.parent):
            self._link_elsewhere()
        self.home.mkdir(mode=0o700, exist_ok=True)
        if self.account:
            # Others may traverse it by a name they know; they still can't list the folder or read anything in it.
            self._folder.path.chmod(0o711)
            os.chown(self.home, self.account.uid, self.account.gid)

    def run(self, command: Sequence[str | Path], *, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a program as the server's account, with an environment without the caller's settings."""
        identity: dict[str, Any] = {}
        if self.account:
            identity = {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", MARK: _CHECKOUT}
        try:
            return subprocess.run(  # noqa: S603 -- our own programs and arguments, no shell
                [str(part) for part in command],
                cwd="/",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=seconds,
                check=False,
                **identity,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LocalServerError(f"{command[0]} could not be run{self._as_whom()}: {error}") from error

    def can_run(self, command: Sequence[str | Path]) -> bool:
        """Whether a program runs as the server's account: it is found, accessible, and has all its libraries."""
        try:
            return self.run(command, seconds=30).returncode == 0
        except LocalServerError:
            return False

    def hand_over(self, path: Path) -> None:
        """Give a file or a whole folder to the server's account."""
        if self.account:
            for part in [path, *path.rglob("*")]:
                os.chown(part, self.account.uid, self.account.gid, follow_symlinks=False)

    def _reaches(self, path: Path) -> bool:
        return self.account is None or self.can_run(["/bin/sh", "-c", 'cd -- "$1"', "sh", path])

    def _link_elsewhere(self) -> None:
        name = hashlib.sha256(os.fsencode(self._folder.path)).hexdigest()[:12]
        home = ELSEWHERE / name / self._link.name
        for parent in (ELSEWHERE, home.parent):
            parent.mkdir(parents=True, exist_ok=True)
            parent.chmod(0o711)
        # No link led here: the checkout's folder was deleted, which is how users start over, and this was left behind.
        end(servers_at(home))
        shutil.rmtree(home, ignore_errors=True)
        self._link.symlink_to(home)

    def _as_whom(self) -> str:
        return " as user nobody" if self.account else ""  # prose: nobody -- the Unix user


def named_by(pid_file: Path, *, names: Collection[str], home: Path, clue: str) -> psutil.Process | None:
    """The running server that a pid file names, if it works in this home.

    A pid alone proves nothing: after a kill or a reboot it may belong to another process, or to a zombie.
    """
    try:
        process = psutil.Process(abs(int(pid_file.read_text(encoding="utf-8").split()[0])))
        return process if process.name() in names and _works_at(process, home=home, clue=clue) else None
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        return None


def servers_at(home: Path) -> list[psutil.Process]:
    """Every database process that works in or below a home, including those whose parent has died."""
    return [process for process in _servers() if _works_at(process, home=home, clue=str(home))]


def started_here() -> list[psutil.Process]:
    """Every database process that this checkout's code started, wherever it keeps its data."""
    return [process for process in _servers() if environment(process).get(MARK) == _CHECKOUT]


def environment(process: psutil.Process) -> dict[str, str]:
    """The environment a process was started with; empty for another user's, or for one that has just ended."""
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}


def end(processes: Sequence[psutil.Process]) -> None:
    """Kill processes and wait until they are gone; psutil refuses a pid that has since been reused."""
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    wait_for_end(processes, seconds=10)


def wait_for_end(processes: Sequence[psutil.Process], *, seconds: float) -> bool:
    """Whether all of them ended in time. A zombie has ended: a container may have no process to reap it."""
    deadline = time.monotonic() + seconds
    while any(is_alive(process) for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(STEP_SECONDS)
    return True


def is_alive(process: psutil.Process) -> bool:
    """Whether this exact process (not a later one with its pid) still runs."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _servers() -> list[psutil.Process]:
    names = ("postgres", "redis-server", "valkey-server")
    return [process for process in psutil.process_iter(["name"]) if str(process.info["name"]).startswith(names)]


def _works_at(process: psutil.Process, *, home: Path, clue: str) -> bool:
    try:
        if not is_alive(process):
            return False
        try:
            return Path(process.cwd()).is_relative_to(home)
        except psutil.AccessDenied:
            # Root in a container without SYS_PTRACE may not read it; command lines are always readable.
            return any(clue in argument for argument in process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _nobody() -> Account:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise LocalServerError(
            # prose: nobody -- the Unix user
            "You are root, but there is no user `nobody` to run the servers as. Start as an ordinary user."
        ) from None
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)
