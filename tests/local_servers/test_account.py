"""Started by root, the servers run as `nobody`, even if `nobody` has no access to the checkout or the virtualenv."""

import shutil
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from billing_engine.local_servers import account
from billing_engine.local_servers.account import ServerHome
from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.postgres import Postgres
from billing_engine.local_servers.programs import (
    postgres_programs,
    postgres_within_reach,
    redis_programs,
    redis_within_reach,
)
from billing_engine.local_servers.redis import Redis
from tests.local_servers.elsewhere import with_own_ports

pytestmark = pytest.mark.usefixtures("as_root")


@pytest.fixture
def closed(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of root's that no other user can enter; the data's other place is also inside the test's folder."""
    monkeypatch.setattr(account, "ELSEWHERE", place / "var lib")
    path = place / "root"
    path.mkdir(mode=0o700)
    return path


def ask(url: str, statement: str) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
    connection.close()
    return rows


def test_where_nobody_cannot_enter_the_data_lies_elsewhere_until_the_folder_is_deleted(closed: Path) -> None:
    folder = with_own_ports(Folder(closed / "var" / "dev"))
    postgres, redis = Postgres(folder, durable=False), Redis(folder)
    try:
        urls = postgres.up(), redis.up()
        ask(urls[0], "CREATE TABLE kept AS SELECT 7 AS number")
        assert {postgres.home.parent.parent, redis.home.parent.parent} == {account.ELSEWHERE}
        assert oct(closed.stat().st_mode) == "0o40700"  # nothing was opened on the way
        postgres.down()
        redis.down()
        assert (postgres.up(), redis.up()) == urls
        assert ask(urls[0], "SELECT number FROM kept") == [(7,)]
        shutil.rmtree(folder.path)
        assert redis.up() != urls[1]
        assert ask(postgres.up(), "SELECT count(*) FROM pg_tables WHERE tablename = 'kept'") == [(0,)]
    finally:
        postgres.down()
        redis.down()


def test_programs_that_nobody_cannot_enter_are_copied_with_their_libraries(closed: Path, folder: Folder) -> None:
    postgres_original, redis_original = postgres_programs(), redis_programs()[0]
    assert postgres_original is not None
    package = postgres_original.parent.parent
    for part in [postgres_original.parent, *package.parent.glob(f"{package.name}*.libs"), *package.glob(".dylibs")]:
        shutil.copytree(part, closed / part.relative_to(package.parent), symlinks=True)
    server = Path(shutil.copy2(redis_original, closed / "valkey-server"))
    place = ServerHome(folder, "postgres")
    place.take()
    programs = postgres_within_reach(closed / postgres_original.relative_to(package.parent), server_home=place)
    assert [place.can_run([programs / name, "--version"]) for name in ("initdb", "pg_ctl", "postgres")] == [True] * 3
    redis_place = ServerHome(folder, "redis")
    redis_place.take()
    assert redis_within_reach(server, server_home=redis_place).is_relative_to(redis_place.home)
    assert programs.owner() == "nobody"
