"""The processes that `make run` starts; none of them outlives it.

Each child gets its own session (Ctrl-C reaches only the parent, which then stops them in order) and its own log. The
started processes are recorded, so that after a `kill -9` of the parent the next start ends what was left: exactly those
processes, identified by pid *and* start time, and their children, identified by session or by a mark in their
environment.
"""

import os
import secrets
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from billing_engine.local_servers.account import end, environment, is_alive, wait_for_end
from billing_engine.local_servers.errors import LocalServerError, last_lines
from billing_engine.local_servers.folder import Folder

MARK = "LEAD_BILLING_DESK_RUN"
_STATE = "processes"
_SAME_START_SECONDS = 2.0  # the start time is calculated from the wall clock, which time servers adjust


@dataclass(frozen=True)
class _Child:
    name: str
    log: Path
    process: subprocess.Popen[bytes]


class Children:
    """The children of one `make run`: `claim` ends a killed run's leftovers, `stop` ends all; as a context manager, both."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._children: list[_Child] = []
        self._mark = secrets.token_hex(16)

    def __enter__(self) -> Self:
        self.claim()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def claim(self) -> None:
        """Become this checkout's only run: end what a killed one left, refuse while another one is alive."""
        with self._folder.lock(_STATE):
            state = self._folder.read(_STATE)
            if _is_another_run(state):
                parent = state["parent"]["pid"]
                raise LocalServerError(f"This checkout already runs, as process {parent}. Press Ctrl-C there first.")
            end(_family(state))
            self._folder.write(_STATE, {"parent": _identity(os.getpid()), "mark": self._mark, "children": []})

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Path:
        """Start a named child and return its log; the previous run's log is renamed to `NAME.log.1`."""
        log = self._log(name)
        inherited = os.environ if environ is None else environ
        with log.open("wb") as output:
            try:
                process = subprocess.Popen(  # noqa: S603 -- the caller's own programs, no shell
                    [str(part) for part in command],
                    cwd=cwd,
                    env={**inherited, MARK: self._mark},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise LocalServerError(
                    f"{name} could not be started: {error}. Is everything installed? `make run` installs it."
                ) from error
        self._children.append(_Child(name=name, log=log, process=process))
        self._remember()
        return log

    def check(self) -> None:
        """Raise if a child has ended that should still be running."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
                raise LocalServerError(f"{child.name} {how}.\n{last_lines(child.log)}")

    def awaited(self) -> list[str]:
        """The names of the children that still run."""
        return [child.name for child in self._children if child.process.poll() is None]

    def kill(self) -> None:
        """Kill every child and all their children at once."""
        end(_family(self._folder.read(_STATE)))

    def stop(self, *, seconds: float = 15) -> None:
        """Ask every child to finish, then kill those that did not, with all their children."""
        state = self._folder.read(_STATE)
        if state.get("mark") != self._mark:
            return  # Never claimed, or already stopped.
        family = _family(state)
        for child in self._children:
            child.process.terminate()  # to the child only: a worker's own children finish their current task
        wait_for_end([process for process in family if self._started(process)], seconds=seconds)
        end([*family, *_family(state)])  # looked up again: some may have been started in the meantime
        for child in self._children:
            child.process.wait()
        self._children.clear()
        self._folder.write(_STATE, {})

    def _started(self, process: psutil.Process) -> bool:
        return any(child.process.pid == process.pid for child in self._children)

    def _remember(self) -> None:
        state = self._folder.read(_STATE)
        known = state["children"]
        latest = self._children[-1]
        known.append({"name": latest.name, **_identity(latest.process.pid)})
        self._folder.write(_STATE, state)

    def _log(self, name: str) -> Path:
        logs = self._folder.path / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
        log = logs / f"{name}.log"
        if log.exists():
            log.replace(logs / f"{name}.log.1")
        return log


def end_leftovers(folder: Folder) -> None:
    """End what a killed run left; a living run keeps its children."""
    with folder.lock(_STATE):
        state = folder.read(_STATE)
        if not _is_another_run(state):
            end(_family(state))


def _is_another_run(state: Mapping[str, Any]) -> bool:
    parent = state.get("parent")
    return bool(parent and _same(parent) and parent["pid"] != os.getpid())


def _identity(pid: int) -> dict[str, Any]:
    try:
        return {"pid": pid, "started": psutil.Process(pid).create_time()}
    except psutil.NoSuchProcess:
        return {"pid": pid, "started": 0.0}  # It ended at once; `check` will report it, and nothing will ever match it.


def _same(record: Mapping[str, Any]) -> bool:
    """Whether the recorded process is alive, and not a later one with its pid."""
    try:
        process = psutil.Process(record["pid"])
        return is_alive(process) and abs(process.create_time() - record["started"]) < _SAME_START_SECONDS
    except psutil.NoSuchProcess:
        return False


def _family(state: Mapping[str, Any]) -> list[psutil.Process]:
    """The living recorded children, all members of their sessions, and all processes with the run's mark."""
    leaders = {record["pid"] for record in state.get("children", []) if _same(record)}
    mark = state.get("mark")
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid()
        and (_session(process) in leaders or (mark is not None and environment(process).get(MARK) == mark))
    ]


def _session(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid)
    except OSError:
        return None
