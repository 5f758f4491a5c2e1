"""Python programs as real processes, forked from one that has loaded the engine: milliseconds, not seconds, of loading."""

import importlib
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from unittest import mock

from django.conf import settings
from django.db import connections

CHECKOUT = Path(__file__).resolve().parent.parent
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.loaded"])


class Fork:
    """A program in a process and a session of its own, and what it wrote."""

    def __init__(self, program: str, environ: Mapping[str, str], *, log: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fork-")
        self._files = [log, log] if log else [Path(self._folder.name, name) for name in ("output", "errors")]
        with mock.patch.dict(os.environ, {**environ, "PYTHONPATH": str(CHECKOUT)}):
            ensure_running()
        self._process = _forks.Process(target=_run, args=(program, dict(environ), self._files))
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end; return its exit code."""
        self._process.join(timeout)
        return self._process.exitcode

    def written(self) -> tuple[str, str]:
        """What it wrote to its standard output and to its standard error."""
        output, errors = (file.read_text(encoding="utf-8") for file in self._files)
        return output, errors

    def kill(self) -> None:
        """kill -9, its children too."""
        for kill in (os.killpg, os.kill):  # of the group, if it has made one yet
            with suppress(ProcessLookupError):
                kill(self.pid, signal.SIGKILL)
        self.wait()


def _run(program: str, environ: dict[str, str], files: list[Path]) -> None:
    os.setsid()
    _settle(environ)
    for number, file in enumerate(files, start=1):
        os.dup2(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_APPEND), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, encoding="utf-8") for number in (1, 2))
    exec(compile(program, "<fork>", "exec"), {"__name__": "__main__"})


def _settle(environ: dict[str, str]) -> None:
    """Take over what has changed in the environment since the engine was loaded, such as the mail server's port."""
    changed = {name: value for name, value in environ.items() if os.environ.get(name) != value}
    gone = os.environ.keys() - environ.keys()
    os.environ.update(changed)
    for name in gone:
        del os.environ[name]
    if (changed.keys() | gone) - {"PYTEST_CURRENT_TEST", "PYTHONPATH"}:
        said = importlib.reload(importlib.import_module("billing_engine.settings"))
        for name in filter(str.isupper, dir(said)):
            if getattr(settings, name, None) != getattr(said, name):
                setattr(settings, name, getattr(said, name))
        connections._settings = None  # Django remembers the databases that it was loaded with
        vars(connections).pop("settings", None)
