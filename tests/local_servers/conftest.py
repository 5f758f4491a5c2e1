"""Folders for real servers: every test gets its own, and no server outlives its test."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from billing_engine.local_servers.account import ServerHome
from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.postgres import Postgres
from billing_engine.local_servers.programs import (
    PG_BIN,
    postgres_programs,
    postgres_within_reach,
    redis_programs,
    redis_within_reach,
)
from billing_engine.local_servers.redis import Redis
from tests.local_servers.elsewhere import with_own_ports


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty folder with a space in its name that every user may pass through; pytest's own is closed to other users."""
    path = Path(tempfile.mkdtemp(prefix="a desk ")).resolve()
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def folder(place: Path) -> Iterator[Folder]:
    """A checkout's folder without any data; any server started in it is stopped at the end."""
    folder = with_own_ports(Folder(place / "var" / "dev"))
    yield folder
    Redis(folder).down()
    Postgres(folder).down()


@pytest.fixture(scope="session")
def original() -> Iterator[Folder]:
    """A folder in which PostgreSQL was started once and stopped, because creating its data takes longer than any test here."""
    path = Path(tempfile.mkdtemp(prefix="a desk ")).resolve()
    path.chmod(0o711)
    folder = with_own_ports(Folder(path / "dev"))
    Postgres(folder, durable=False).up()
    Postgres(folder, durable=False).down()
    yield folder
    shutil.rmtree(path)


@pytest.fixture
def used(original: Folder) -> Iterator[Folder]:
    """The same, for tests that leave it intact: they may add tables, each its own."""
    yield original
    Postgres(original).down()


@pytest.fixture
def copied(original: Folder) -> Callable[[Folder], Folder]:
    """Turn a folder into a copy of it, like copying a checkout."""

    def copy(folder: Folder) -> Folder:
        subprocess.run(["cp", "-a", original.path, folder.path], check=True)
        return folder

    return copy


@pytest.fixture
def as_root() -> None:
    """For rules that only apply to root, who has to run the servers as another user."""
    if os.geteuid() != 0:
        pytest.skip("only root has to run the servers as another user; run the tests as root to check this rule")


@pytest.fixture
def ordinary(as_root: None, place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which an ordinary user may work, with server programs that it may run wherever the virtualenv is."""
    postgres, redis = postgres_programs(), redis_programs()[0]
    assert postgres is not None
    seats = [ServerHome(Folder(place / "programs"), name) for name in ("postgres", "redis")]
    for server_home in seats:
        server_home.take()
    monkeypatch.setenv(PG_BIN, str(postgres_within_reach(postgres, server_home=seats[0])))
    monkeypatch.setenv("PATH", f"{redis_within_reach(redis, server_home=seats[1]).parent}:{os.environ['PATH']}")
    path = place / "ordinary"
    path.mkdir()
    path.chmod(0o777)
    return path
