"""One image, five roles: which migrate, which wait, and how each of them stops."""

import json
import subprocess
from urllib.error import HTTPError
from urllib.request import urlopen

import environ
import pytest

from tests.deploy.roles import CHECKOUT, empty, wait

pytestmark = pytest.mark.processes


def test_web_migrates_worker_and_beat_wait_for_it_and_all_of_them_end_when_told_to():
    with empty() as engine:
        for role in ("worker", "outgoing", "beat"):
            engine.start(role)
        one = engine.start("migrate", DATABASE_URL="", **_parts(engine.environ["DATABASE_URL"]))
        web = engine.start("web", MIGRATE_ON_START="1")
        assert one.wait(timeout=60) == 0, engine.log("migrate")
        engine.running.pop("migrate")
        wait(web, lambda: _ready(engine.web) == READY)
        wait(engine.running["worker"], lambda: "ready." in engine.log("worker"))

        both = engine.log("migrate") + engine.log("web")
        assert both.count("Applying leads.0001_initial... OK") == 1
        assert both.count("No migrations to apply.") == 1
        stopped = {role: engine.stop(role) for role in list(engine.running)}
        assert stopped == {"worker": 0, "outgoing": 0, "beat": 0, "web": 0}


def test_a_role_that_there_is_not_is_refused():
    with empty() as engine:
        done = subprocess.run(
            [CHECKOUT / "deploy" / "entrypoint.sh", "webb"], env=engine.environ, capture_output=True, check=False
        )

        assert done.returncode == 64
        assert (
            done.stderr
            == b"Unknown role: webb. There are web, nginx, worker, outgoing, beat, migrate, manage and health.\n"
        )


READY = {"ready": True, "database": "ok", "migrations": "ok", "broker": "ok", "beat": "ok"}


def _parts(url: str) -> dict[str, str]:
    """The same database as in RDS's secret, each part in a separate variable."""
    parts = environ.Env.db_url_config(url)
    names = ("HOST", "PORT", "NAME", "USER", "PASSWORD")
    return {f"DATABASE_{name}": str(parts[name]) for name in names} | {"DATABASE_SSLMODE": "disable"}


def _ready(port: int) -> dict[str, object] | None:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return dict(json.load(answer))
    except HTTPError as error:
        return dict(json.load(error))
    except OSError:
        return None
