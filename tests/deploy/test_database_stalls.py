"""A PostgreSQL or Redis that is frozen, not gone: it never answers, and every client would wait forever.

For longer than the few seconds here: `SILENCE_SECONDS=70 make test ARGS=tests/deploy/test_database_stalls.py`.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
from django.conf import settings

from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.postgres import Postgres
from billing_engine.local_servers.redis import Redis
from tests.deploy.cloud import of_type, template
from tests.deploy.roles import SEED, Deployed, empty, wait
from tests.local_servers.elsewhere import line_of, start, with_own_ports

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("stalls")]

SECONDS = float(os.environ.get("SILENCE_SECONDS", "12"))
SENDERS = 12  # more than both processes have threads
ALIVE_WITHIN = 1.0
TOLD_WITHIN = 6.0
RETRY = "5"
ASK = """
import django; django.setup()
import time
from billing_engine.core.tasks import after_commit
began = time.monotonic()
after_commit("pricing.sweep")
after_commit("pricing.sweep")
print(time.monotonic() - began)
"""

# Each has started a transaction on its own connection; then the server is frozen, and each sends it a query.
STEPS = """
import django; django.setup()
import io, sys, threading
from concurrent.futures import ThreadPoolExecutor
from django.db import connection, transaction
from billing_engine.operations.database_stalls import watchdog
watchdog.be(watchdog.OF_WEB)
begun = threading.Barrier(6)
frozen = threading.Event()
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE words (word text)")
connection.close()

def step(ask):
    try:
        with transaction.atomic():
            plain, stream = connection.cursor(), connection.chunked_cursor()
            plain.execute("SELECT FROM words")
            stream.execute("SELECT generate_series(1, 100000)")
            stream.fetchone()
            begun.wait()
            frozen.wait()
            ask(plain, stream)
        return "answered"
    except Exception as error:
        return type(error).__name__

def connect(plain, stream):
    connection.copy().connect()

asks = {
    "execute": lambda plain, stream: plain.execute("SELECT 1"),
    "copy": lambda plain, stream: plain.copy_expert("COPY words FROM STDIN", io.StringIO("word\\n")),
    "fetch": lambda plain, stream: stream.fetchmany(10),
    "commit": lambda plain, stream: None,
    "connect": connect,
}
with ThreadPoolExecutor(len(asks)) as pool:
    told = {name: pool.submit(step, ask) for name, ask in asks.items()}
    begun.wait()
    print("begun", flush=True)
    sys.stdin.readline()
    frozen.set()
    for name, said in told.items():
        print(name, said.result(), flush=True)
"""
LONG = """
import django; django.setup()
from django.db import connection
from billing_engine.operations.database_stalls import watchdog
watchdog.be(watchdog.OF_WEB)
with connection.cursor() as cursor:
    cursor.execute("SELECT pg_sleep(%s)", [watchdog.OF_WEB.silence_seconds * 2])
    cursor.execute("SELECT current_setting('statement_timeout')")
    print(cursor.fetchone()[0])
"""


@dataclass
class Load:
    """The responses to senders and to health checks, with their times in seconds."""

    port: int
    key: str
    receipts: list[int] = field(default_factory=list)
    refusals: list[tuple[int, str | None, str]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    livez: list[tuple[int, float]] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def warm_up(self) -> None:
        """Wait until every process has loaded what its first requests load."""
        _until(lambda: len(self.receipts) > 50)
        self.livez.clear()
        self.seconds.clear()

    def send(self, sender: int) -> None:
        number = 0
        while not self.is_over.is_set():
            number += 1
            lead = {"id": f"{sender}-{number}", "customer": "ACME", "product": "CARS", "actions": []}
            began = time.monotonic()
            status, headers, body = self._ask(
                "POST", "/api/v1/deliveries", json.dumps({"leads": [lead]}), {"Authorization": f"Bearer {self.key}"}
            )
            self.seconds.append(time.monotonic() - began)
            if status == 202:
                self.receipts.append(json.loads(body)["receipt"])
            else:
                self.refusals.append((status, headers.get("Retry-After"), json.loads(body)["code"]))
            time.sleep(0.05)

    def look(self) -> None:
        while not self.is_over.is_set():
            began = time.monotonic()
            status, _, _ = self._ask("GET", "/livez", "", {})
            self.livez.append((status, time.monotonic() - began))
            time.sleep(0.1)

    def read(self) -> None:
        """A user waiting for a page that reads the database."""
        while not self.is_over.is_set():
            status, _, _ = self._ask("GET", "/readyz?only=database", "", {})
            self.pages.append(status)
            time.sleep(0.2)

    def _ask(self, method: str, path: str, body: str, headers: dict[str, str]) -> tuple[int, dict[str, str], str]:
        line = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            line.request(method, path, body, {"Content-Type": "application/json", **headers} if body else headers)
            answer = line.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        except (OSError, HTTPException) as error:
            return 0, {}, json.dumps({"code": repr(error)})
        finally:
            line.close()


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    """A PostgreSQL and a Redis that no other test uses."""
    path = Path(tempfile.mkdtemp(prefix="silence ")).resolve()
    path.chmod(0o711)
    folder = with_own_ports(Folder(path / "dev"))
    monkeypatch.setenv("DATABASE_URL", Postgres(folder, durable=False).up())
    monkeypatch.setenv("REDIS_URL", f"{Redis(folder).up().rsplit('/', 1)[0]}/0")
    yield folder
    Redis(folder).down()
    Postgres(folder).down()
    shutil.rmtree(path)


@pytest.fixture
def engine(servers: Folder) -> Iterator[Deployed]:
    with empty() as deployed:
        deployed.run("manage.py", "migrate_alone", "--verbosity", "0")
        deployed.key = deployed.run("-c", SEED)
        web = deployed.start("web")
        wait(web, lambda: psutil.Process(web.pid).children() and _lives(deployed.web))
        yield deployed


def test_whatever_postgresql_is_asked_for_a_silent_one_is_given_up(servers: Folder):
    asking = start(STEPS, stdin=subprocess.PIPE)
    assert line_of(asking) == "begun"
    with _frozen(Postgres(servers).home / "data" / "postmaster.pid"):
        said, _ = asking.communicate("\n", timeout=60)

    assert said.split() == [
        *("execute", "OperationalError"),
        *("copy", "OperationalError"),
        *("fetch", "OperationalError"),
        *("commit", "OperationalError"),
        *("connect", "OperationalError"),
    ]


def test_a_long_statement_of_a_server_that_answers_may_take_its_time_but_not_for_ever(servers: Folder):
    asking = start(LONG)

    said, _ = asking.communicate(timeout=60)

    assert said.strip() == "1min"


def test_a_task_is_ended_before_redis_hands_its_message_out_again_and_four_processes_fit_into_its_memory():
    redis_waits = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    service = template("ecs.service.yml")
    tasks = of_type(service, "AWS::ECS::TaskDefinition").values()
    (mebibytes,) = [
        task["Memory"] for task in tasks if "worker" in {each["Name"] for each in task["ContainerDefinitions"]}
    ]

    assert settings.CELERY_TASK_SOFT_TIME_LIMIT < settings.CELERY_TASK_TIME_LIMIT < redis_waits
    assert int(mebibytes) > 4 * settings.CELERY_WORKER_MAX_MEMORY_PER_CHILD / 1024


def test_while_postgresql_is_silent_web_lives_and_senders_are_told_to_come_again_and_then_all_goes_on(
    engine: Deployed, servers: Folder
):
    _start_workers(engine)
    serving = _serving(engine)
    with _load(engine) as load:
        load.warm_up()
        with _frozen(Postgres(servers).home / "data" / "postmaster.pid"):
            time.sleep(SECONDS)
            swept, accepted = _sweeps(engine), len(load.receipts)
        _until(lambda: len(load.receipts) > accepted + 50 and load.pages[-3:] == [200] * 3)
        _until(lambda: _sweeps(engine) > swept + 2)

    assert {status for status, _ in load.livez} == {200}
    assert max(seconds for _, seconds in load.livez) < ALIVE_WITHIN
    assert set(load.refusals) == {(503, RETRY, "busy")}
    assert max(load.seconds) < TOLD_WITHIN
    assert set(load.pages) == {200, 503}
    assert set(load.receipts) <= _stored(engine)
    assert _serving(engine) == serving
    assert _ended(engine) == []


def test_while_redis_is_silent_leads_are_taken_in_and_then_the_worker_and_beat_go_on(engine: Deployed, servers: Folder):
    _start_workers(engine)
    serving = _serving(engine)
    with _load(engine) as load:
        load.warm_up()
        with _frozen(Redis(servers).home / "redis.pid"):
            before = len(load.receipts)
            took = float(engine.run("-c", ASK))
            time.sleep(SECONDS)
            swept, meanwhile = _sweeps(engine), len(load.receipts)
        _until(lambda: _sweeps(engine) > swept + 2)
        limits = _limits_of_the_worker(engine)

    assert took < TOLD_WITHIN
    assert meanwhile > before + 50
    assert {status for status, _ in load.livez} == {200}
    assert max(seconds for _, seconds in load.livez) < ALIVE_WITHIN
    assert load.refusals == []
    assert set(load.receipts) <= _stored(engine)
    assert _serving(engine) == serving
    assert limits == [settings.CELERY_TASK_SOFT_TIME_LIMIT, settings.CELERY_TASK_TIME_LIMIT]
    assert _ended(engine) == []


@contextmanager
def _load(engine: Deployed) -> Iterator[Load]:
    load = Load(engine.web, engine.key)
    threads = [threading.Thread(target=load.send, args=[sender]) for sender in range(SENDERS)]
    threads += [threading.Thread(target=load.look), threading.Thread(target=load.read)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.is_over.set()
        for thread in threads:
            thread.join()


@contextmanager
def _frozen(pid_file: Path) -> Iterator[None]:
    """The server and all its child processes are frozen meanwhile."""
    server = psutil.Process(int(pid_file.read_text().split()[0]))
    server.send_signal(signal.SIGSTOP)  # first, so that it starts no more
    stopped = [server, *server.children(recursive=True)]
    for process in stopped[1:]:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in stopped:
            process.send_signal(signal.SIGCONT)


def _start_workers(engine: Deployed) -> None:
    for role in ("worker", "beat"):
        engine.start(role, LOG_LEVEL="DEBUG")  # a sweep that finds nothing logs it
    _until(lambda: _sweeps(engine) > 1)


def _ended(engine: Deployed) -> list[str]:
    return [role for role, process in engine.running.items() if process.poll() is not None]


def _until(true: Callable[[], Any], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} seconds"
        time.sleep(0.1)


def _lives(port: int) -> bool:
    return Load(port, "")._ask("GET", "/livez", "", {})[0] == 200


def _serving(engine: Deployed) -> set[int]:
    return {process.pid for process in psutil.Process(engine.running["web"].pid).children()}


def _limits_of_the_worker(engine: Deployed) -> list[int]:
    """Its own limits: how long a task may take, and when its process is killed."""
    (stats,) = json.loads(engine.run("-m", "celery", "-A", "billing_engine", "inspect", "stats", "--json")).values()
    return list(stats["pool"]["timeouts"])


def _sweeps(engine: Deployed) -> int:
    return engine.log("worker").count("pricing.sweep success")


def _stored(engine: Deployed) -> set[int]:
    connection = psycopg2.connect(engine.environ["DATABASE_URL"])
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM leads_delivery")
            return {row[0] for row in cursor.fetchall()}
    finally:
        connection.close()
