"""The embedded Redis is a reliable queue: its content survives a kill -9."""

import os
import signal
import time
from pathlib import Path

import psutil
import pytest
from redis import Redis as Client
from redis.exceptions import AuthenticationError

from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.programs import redis_programs
from billing_engine.local_servers.redis import Redis
from tests.local_servers.elsewhere import as_nobody, kill, line_of, start, with_own_ports

UP = """
import sys, time
from pathlib import Path
from billing_engine.local_servers.folder import Folder
from billing_engine.local_servers.redis import Redis
print(Redis(Folder(Path(sys.argv[1]))).up(), flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def redis(folder: Folder) -> Redis:
    """A server that has not been started yet."""
    return Redis(folder)


def pid_of(redis: Redis) -> int:
    return int((redis.home / "redis.pid").read_text(encoding="utf-8"))


def queue(url: str) -> list[bytes]:
    with Client.from_url(url) as client:
        return client.lrange("queue", 0, -1)


def put(url: str, *messages: str) -> None:
    with Client.from_url(url) as client:
        client.rpush("queue", *messages)


def test_a_new_server_keeps_its_queue_and_listens_only_to_this_machine_with_the_password(redis: Redis) -> None:
    url = redis.up()
    with Client.from_url(url) as client:
        names = ["bind", "appendonly", "appendfsync", "maxmemory-policy", "save"]
        found = {name: client.config_get(name)[name] for name in names}
    assert found == {
        "bind": "127.0.0.1",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "save": "",
    }
    with Client.from_url(url.replace("@", "-guessed@")) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()


def test_a_second_start_adopts_the_running_server(redis: Redis, folder: Folder) -> None:
    first = redis.up()
    pid = pid_of(redis)
    assert (Redis(folder).up(), pid_of(redis)) == (first, pid)


def test_a_stopped_server_starts_again_at_its_port_with_its_queue(redis: Redis) -> None:
    url = redis.up()
    put(url, "one", "two")
    redis.down()
    redis.down()
    assert redis.is_ours() is False
    assert redis.up() == url
    assert queue(url) == [b"one", b"two"]


def test_a_server_killed_with_kill_9_starts_again_with_its_queue(redis: Redis) -> None:
    url = redis.up()
    messages = [str(number) for number in range(1000)]
    put(url, *messages)
    os.kill(pid_of(redis), signal.SIGKILL)
    assert redis.up() == url
    assert queue(url) == [message.encode() for message in messages]


def test_a_server_whose_starter_was_killed_goes_on_and_is_adopted(redis: Redis, folder: Folder) -> None:
    starter = start(UP, folder.path, "60")
    url = line_of(starter)
    pid = pid_of(redis)
    kill(starter)
    assert (redis.up(), pid_of(redis)) == (url, pid)


def test_two_that_start_at_once_start_one_server(redis: Redis, folder: Folder) -> None:
    starters = [start(UP, folder.path, "0") for _ in range(2)]
    urls = {starter.communicate(timeout=30)[0].strip() for starter in starters}
    assert urls == {redis.up()}
    homes = [process.info["cwd"] for process in psutil.process_iter(["cwd"])]
    assert homes.count(str(redis.home)) == 1


def test_a_pid_file_that_names_a_stranger_does_not_stop_the_server_nor_end_the_stranger(redis: Redis) -> None:
    url = redis.up()
    os.kill(pid_of(redis), signal.SIGKILL)
    (redis.home / "redis.pid").write_text(f"{os.getpid()}\n", encoding="utf-8")
    redis.down()  # would end this test
    assert redis.up() == url
    assert pid_of(redis) != os.getpid()


def test_a_server_that_hangs_is_waited_for_and_no_second_one_ruins_its_data(redis: Redis) -> None:
    url = redis.up()
    pid = pid_of(redis)
    os.kill(pid, signal.SIGSTOP)
    waiting = start(UP, redis.home.parent, "0")
    time.sleep(0.05)
    os.kill(pid, signal.SIGCONT)
    assert waiting.communicate(timeout=30)[0].strip() == url
    assert pid_of(redis) == pid


def test_a_queue_that_cannot_be_read_is_set_aside_with_one_sentence(
    redis: Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    """The start of a queue written by Valkey or by a later version."""
    put(redis.up(), "one")
    redis.down()
    [base] = (redis.home / "appendonlydir").glob("*.base.rdb")
    base.write_bytes(b"REDIS9999" + base.read_bytes()[9:])
    url = redis.up()
    assert queue(url) == []
    put(url, "two")
    redis.down()
    assert queue(redis.up()) == [b"two"]
    [aside] = redis.home.glob("appendonlydir-unreadable-*")
    assert capsys.readouterr().err == (
        f"valkey-server cannot read the queue in {redis.home / 'appendonlydir'}, so it was moved to {aside.name}. "
        "Waiting work is found again automatically.\n"
    )


def test_the_program_that_wrote_the_queue_goes_on_when_another_is_installed_later(
    redis: Redis, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(redis.up(), "one")
    redis.down()
    later = place / "bin" / "redis-server"
    later.parent.mkdir()
    later.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    later.chmod(0o755)
    monkeypatch.setenv("PATH", f"{later.parent}:{os.environ['PATH']}")
    assert redis_programs()[0] == later
    assert queue(redis.up()) == [b"one"]


def test_an_ordinary_user_has_the_same_server_as_root(ordinary: Path) -> None:
    def live() -> str:
        redis = Redis(with_own_ports(Folder(ordinary / "dev")))
        first = redis.up()
        put(first, "one")
        os.kill(pid_of(redis), signal.SIGKILL)
        second = redis.up()
        rows = queue(second)
        redis.down()
        return f"{first == second} {rows} {redis.is_ours()}"

    assert as_nobody(live) == "True [b'one'] False"
