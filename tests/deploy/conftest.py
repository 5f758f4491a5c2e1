"""The engine behind its real web server."""

import fcntl
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.deploy.roles import CHECKOUT, SEED, Deployed, empty, wait


@pytest.fixture(scope="module")
def engine() -> Iterator[Deployed]:
    """The roles web and nginx on a separate database, with one user and one source."""
    with empty() as deployed:
        with (CHECKOUT / "var" / "static.lock").open(
            "w"
        ) as lock:  # the other test process collects into the same folder
            fcntl.flock(lock, fcntl.LOCK_EX)
            deployed.run("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
        deployed.run("manage.py", "migrate_alone", "--verbosity", "0")
        deployed.key = deployed.run("-c", SEED)
        web, nginx = deployed.start("web"), deployed.start("nginx", PORTAL_HOST="billing.example.com:443")
        wait(web, lambda: _answers(f"http://127.0.0.1:{deployed.web}/livez"))
        wait(nginx, lambda: _answers(f"{deployed.address}/nginx-livez"))
        yield deployed


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5):
            return True
    except HTTPError:
        return True
    except OSError:
        return False
