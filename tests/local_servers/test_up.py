"""`make run` on a copy of the checkout: whatever ends it, nothing that it started keeps running."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2
import pytest

from billing_engine.local_servers.account import environment
from billing_engine.local_servers.ports import free_port
from billing_engine.sample import company
from leads.models import Customer
from tests.local_servers.elsewhere import CHECKOUT, wait_until

pytestmark = pytest.mark.processes

NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", ".*_cache", ".hypothesis", "node_modules")
OWN = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "COPY_DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "PROOF_SIGNING_KEY",
    "PYTEST_XDIST_WORKER",
    "PYTEST_CURRENT_TEST",
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A separate checkout with separate servers."""
    place = Path("/tmp") / f"checkout-{os.getpid()}"  # pytest's own folders are closed to `nobody`
    shutil.copytree(CHECKOUT, place, ignore=NOT_COPIED)
    place.chmod(0o755)
    yield place
    manage(place, "down").wait(timeout=60)
    shutil.rmtree(place)


def manage(place: Path, *arguments: str, log: Path | None = None) -> subprocess.Popen[bytes]:
    with (log or place / "log").open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=place,
            env={name: value for name, value in os.environ.items() if name not in OWN},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def up(place: Path) -> subprocess.Popen[bytes]:
    running = manage(place, "up", "--no-sample", "--port", str(free_port(28_000)))
    wait_until(lambda: "Ready: http" in said(place) or running.poll() is not None, seconds=240)
    assert "Ready: http" in said(place), said(place)
    return running


def said(place: Path) -> str:
    return (place / "log").read_text(encoding="utf-8")


def working_in(place: Path) -> list[str]:
    """The names of the processes whose folder, or whose code's folder, is the copy."""
    found: list[str] = []
    for process in psutil.process_iter():
        try:
            inside = Path(process.cwd()).is_relative_to(place) or environment(process).get("PWD") == str(place)
            if inside and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.name())
        except psutil.Error:
            continue
    return found


def logged_in_as(place: Path) -> set[str]:
    """The logins of the server's connections."""
    state = json.loads((place / "var" / "dev" / "postgres.json").read_text(encoding="utf-8"))
    address = f"postgres://lead_billing_reader:{state['logins']['reader']}@127.0.0.1:{state['port']}/lead_billing"
    with closing(psycopg2.connect(address)) as server, server.cursor() as cursor:
        # The reader sees of other logins' connections little more than their names.
        cursor.execute(
            "SELECT usename FROM pg_stat_activity WHERE datname = current_database() AND usename IS NOT NULL"
        )
        return {name for (name,) in cursor.fetchall()}


def signalled_as_a_group(run: subprocess.Popen[bytes]) -> None:
    """Like `timeout` and an impatient user: signal the whole process group, twice."""
    os.killpg(run.pid, signal.SIGINT)
    os.killpg(run.pid, signal.SIGINT)


@pytest.mark.parametrize("end", [signalled_as_a_group, subprocess.Popen.terminate], ids=["two at once", "one"])
def test_a_run_that_is_told_to_stop_leaves_nothing_running(
    copy: Path, end: Callable[[subprocess.Popen[bytes]], None]
) -> None:
    run = up(copy)
    assert len(working_in(copy)) > 6
    # Connections last as long as requests and tasks: the sweeps open some every few seconds.
    wait_until(lambda: logged_in_as(copy) == {"lead_billing_app", "lead_billing_reader"}, seconds=60)
    end(run)
    assert run.wait(timeout=120) == 0
    assert said(copy).splitlines()[-1] == "Stopped; the data stays in var/dev."
    assert working_in(copy) == []


def test_down_ends_what_a_killed_run_left(copy: Path) -> None:
    run = up(copy)
    run.kill()
    run.wait(timeout=10)
    assert len(working_in(copy)) > 6
    assert manage(copy, "down").wait(timeout=60) == 0
    assert working_in(copy) == []


@pytest.mark.django_db
def test_sample_people_are_not_added_to_a_database_that_has_customers_of_its_own() -> None:
    Customer.objects.create(code="REAL", name="A real customer")
    with pytest.raises(company.LocalServerError, match="so no sample company was added"):
        company.refuse_among_others()
    Customer.objects.create(code="TERRAZZA", name="The sample's own")
    company.refuse_among_others()


@pytest.mark.parametrize("host", ["", "localhost", "127.0.0.1", "::1", "/var/run/postgresql"])
def test_the_sample_is_added_to_a_database_on_this_machine(host: str) -> None:
    company.refuse_elsewhere(host)


def test_the_sample_is_not_added_to_a_database_elsewhere_even_an_empty_one() -> None:
    with pytest.raises(company.LocalServerError, match=r"The database is on db\.example"):
        company.refuse_elsewhere("db.example")
