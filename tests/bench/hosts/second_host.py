"""A second host: a network namespace with a cable to this one. Root may make it; it shares the processors."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from tests.bench.worker import Place

NETWORK = "10.203.77"
HERE, THERE = f"{NETWORK}.1", f"{NETWORK}.2"


class NotPermitted(Exception):
    """This machine or user can't make a network namespace."""


@dataclass(frozen=True)
class SecondHost:
    """What runs at a place of it reaches this host by the address `HERE`."""

    name: str

    def place(self, database_url: str, redis_url: str) -> Place:
        """Workers there, with the database and Redis at these addresses."""
        environ = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
        return Place(("ip", "netns", "exec", self.name), environ)


@contextmanager
def second_host() -> Iterator[SecondHost]:
    """Up inside; it is gone later, and its cable with it. Raises NotPermitted."""
    if shutil.which("ip") is None:
        raise NotPermitted("there is no `ip`: install iproute2")
    name = f"bench-{os.getpid()}"
    _ip("netns", "add", name)
    try:
        here, there = f"b{os.getpid()}a", f"b{os.getpid()}b"
        _ip("link", "add", here, "type", "veth", "peer", "name", there)
        _ip("link", "set", there, "netns", name)
        _ip("addr", "add", f"{HERE}/30", "dev", here)
        _ip("link", "set", here, "up")
        _ip("-n", name, "addr", "add", f"{THERE}/30", "dev", there)
        _ip("-n", name, "link", "set", there, "up")
        _ip("-n", name, "link", "set", "lo", "up")
        yield SecondHost(name)
    finally:
        _ip("netns", "del", name)


def at(url: str, host: str, port: int) -> str:
    """The same address at another host and port."""
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@{host}:{port}" if login else f"{host}:{port}"))


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotPermitted(f"`ip {' '.join(words)}`: {done.stderr.strip()}")
