"""Run code in another process, to kill it or to be another user there, without disturbing other tests."""

import encodings.idna  # noqa: F401 -- looked for at the first connection, when `nobody` may no longer read it
import itertools
import os
import pwd
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from billing_engine.local_servers.folder import Folder

CHECKOUT = Path(__file__).resolve().parents[2]


_PORTS = itertools.count(20_000 + os.getpid() % 500 * 20)


def with_own_ports(folder: Folder) -> Folder:
    """A folder whose servers use ports of no other test, so that a port released for a moment is still free."""
    for server in ("postgres", "redis"):
        folder.write(server, {"port": next(_PORTS)})
    return folder


def start(
    code: str,
    *arguments: str | Path,
    stdin: int | None = None,
    errors: Path | None = None,
    code_at: Path = CHECKOUT,
) -> subprocess.Popen[str]:
    """Run Python code in a separate process, which reports by printing lines."""
    with errors.open("wb") if errors else nullcontext() as stderr:
        return subprocess.Popen(  # the test's own code
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=code_at,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(code_at), *filter(None, sys.path)])},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line it prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def kill(process: subprocess.Popen[str]) -> None:
    """End it with kill -9, and read what it left so that nothing stays open."""
    process.kill()
    process.communicate()


def as_nobody(act: Callable[[], str]) -> str:
    """The result of a function in a process that has switched from root to `nobody`.

    A fork, because `nobody` may not be allowed to enter the folder of the running Python.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _answer_and_leave(act, writing)
    os.close(writing)
    with os.fdopen(reading) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


def _answer_and_leave(act: Callable[[], str], writing: int) -> None:
    try:
        nobody = pwd.getpwnam("nobody")
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
        said = act()
    except BaseException as error:  # the other end of the pipe compares the result
        said = repr(error)
    os.write(writing, said.encode())
    os._exit(0)


def wait_until(is_so: Callable[[], bool], *, seconds: float = 10) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
