"""`provide` sets missing variables and leaves the others unchanged."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from billing_engine.local_servers import down, provide
from billing_engine.local_servers.account import servers_at
from tests.local_servers.elsewhere import CHECKOUT, kill, line_of, start


@pytest.fixture
def checkout(place: Path) -> Iterator[Path]:
    """A checkout whose servers are stopped at the end."""
    yield place
    down(place)
    down(place, test=True)


def test_both_servers_are_provided_and_the_next_command_gets_the_same(checkout: Path) -> None:
    first: dict[str, str] = {"LANG": "C"}
    second: dict[str, str] = {}
    provide(first, checkout, test=True)
    provide(second, checkout, test=True)
    assert first == {"LANG": "C", **second}
    assert sorted(second) == ["DATABASE_URL", "REDIS_URL", "SECRET_KEY"]
    assert sorted(path.name for path in (checkout / "var").iterdir()) == ["test"]


def test_what_is_set_is_left_alone_and_its_server_not_started(checkout: Path) -> None:
    named = {
        "DATABASE_URL": "postgres://db.example/billing",
        "REDIS_URL": "redis://cache.example/0",
        "SECRET_KEY": "named",
    }
    environ = dict(named)
    provide(environ, checkout)
    assert environ == named
    assert list(checkout.iterdir()) == []


def test_a_checkout_keeps_its_secret_key_whichever_servers_it_uses(checkout: Path) -> None:
    servers = {"DATABASE_URL": "postgres://db.example/billing", "REDIS_URL": "redis://cache.example/0"}
    first, second = dict(servers), dict(servers)
    provide(first, checkout)
    provide(second, checkout)
    own = {name: first[name] for name in ("SECRET_KEY", "PROOF_SIGNING_KEY", "PSEUDONYM_KEY")}
    assert first == second == {**servers, **own}
    assert len(bytes.fromhex(own["PROOF_SIGNING_KEY"])) == 32
    assert len(first["SECRET_KEY"]) > 50


def test_one_that_is_set_does_not_keep_the_other_from_being_provided(checkout: Path) -> None:
    named = {"DATABASE_URL": "postgres://db.example/billing", "SECRET_KEY": "named"}
    environ = dict(named)
    provide(environ, checkout)
    assert environ.pop("REDIS_URL").startswith("redis://:")
    assert environ == named
    assert sorted(path.name for path in (checkout / "var" / "dev").iterdir()) == [
        "redis",
        "redis.json",
        "redis.lock",
        "users.lock",
    ]


def test_development_is_the_app_which_is_no_superuser_and_names_the_owner_for_migrations(checkout: Path) -> None:
    environ = {"REDIS_URL": "redis://cache.example/0", "SECRET_KEY": "named"}
    provide(environ, checkout)
    named = {
        name: urlsplit(environ[name]).username for name in environ if name.endswith("DATABASE_URL") or "OWNER" in name
    }
    assert named == {
        "DATABASE_URL": "lead_billing_app",
        "DATABASE_OWNER_URL": "lead_billing_owner",
        "COPY_DATABASE_URL": "lead_billing_reader",
    }
    users = {name: value for name, value in environ.items() if name.endswith("_USER")}
    assert users == {"DATABASE_APP_USER": "lead_billing_app", "DATABASE_READER_USER": "lead_billing_reader"}


def test_tests_and_development_never_share_a_server(checkout: Path) -> None:
    development = {"DATABASE_URL": "postgres://db.example/billing"}
    test = dict(development)
    provide(development, checkout)
    provide(test, checkout, test=True)
    assert development["REDIS_URL"] != test["REDIS_URL"]


def test_stopping_where_nothing_was_ever_started_is_no_mistake(checkout: Path) -> None:
    down(checkout)
    assert list(checkout.iterdir()) == []


COMMAND = """
import sys
from pathlib import Path
from billing_engine.local_servers import provide
environ = {"SECRET_KEY": "-", "DATABASE_URL": "postgres:///"}
provide(environ, Path(sys.argv[1]))
print(environ["REDIS_URL"], flush=True)
sys.stdin.readline()
"""


def servers(checkout: Path) -> int:
    return len(servers_at(checkout / "var" / "dev" / "redis"))


def command(checkout: Path, *, code_at: Path = CHECKOUT) -> "subprocess.Popen[str]":
    """A command that uses the servers until a line is written to it."""
    running = start(COMMAND, checkout, stdin=subprocess.PIPE, code_at=code_at)
    assert line_of(running).startswith("redis://")
    return running


def test_the_last_command_to_leave_stops_the_servers(checkout: Path) -> None:
    first, second = command(checkout), command(checkout)
    first.communicate("\n", timeout=30)
    assert servers(checkout) == 1
    second.communicate("\n", timeout=30)
    assert servers(checkout) == 0


def test_what_a_killed_command_left_running_is_stopped_by_the_next_that_ends(checkout: Path) -> None:
    kill(command(checkout))
    assert servers(checkout) == 1
    command(checkout).communicate("\n", timeout=30)
    assert servers(checkout) == 0


def test_down_stops_what_the_code_of_this_checkout_started_wherever_the_data_is(checkout: Path, place: Path) -> None:
    code = place / "code"
    shutil.copytree(CHECKOUT / "billing_engine" / "local_servers", code / "billing_engine" / "local_servers")
    for below in ("database_logins.py", "planner_settings.py"):
        shutil.copy(CHECKOUT / "billing_engine" / below, code / "billing_engine")
    (code / "billing_engine" / "__init__.py").touch()
    interrupted = place / "an interrupted test"
    kill(command(interrupted, code_at=code))
    ours = command(checkout)
    assert (len(servers_at(interrupted)), servers(checkout)) == (1, 1)
    program = "from pathlib import Path; from billing_engine.local_servers import down_all; down_all(Path.cwd())"
    start(program, code_at=code).communicate(timeout=30)
    assert (len(servers_at(interrupted)), servers(checkout)) == (0, 1)
    ours.communicate("\n", timeout=30)


def test_without_psutil_and_the_wheels_nothing_is_provided_and_nothing_fails(place: Path) -> None:
    shutil.copytree(CHECKOUT / "billing_engine" / "local_servers", place / "billing_engine" / "local_servers")
    (place / "billing_engine" / "__init__.py").touch()
    code = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(place)!r})
from billing_engine.local_servers import provide
environ = {{}}
provide(environ, Path({str(place)!r}))
print(environ)
"""
    # -I -S: a Python without any installed package, like the production image without these.
    command = [sys.executable, "-I", "-S", "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "{}\n"  # our own code
