"""A port in use is never returned; the next free one is."""

import socket
from collections.abc import Iterator

import pytest

from billing_engine.local_servers.ports import free_port, is_free


@pytest.fixture
def taken() -> Iterator[int]:
    """A port in use, followed by a free one."""
    start = 21000
    while not (is_free(start) and is_free(start + 1)):
        start += 1
    with socket.create_server(("127.0.0.1", start)):
        yield start


def test_a_free_port_is_given_as_it_was_asked_for(taken: int) -> None:
    assert free_port(taken + 1) == taken + 1


def test_a_taken_port_gives_the_next_one(taken: int) -> None:
    assert free_port(taken) == taken + 1


def test_a_port_taken_on_all_addresses_is_taken(taken: int) -> None:
    with socket.create_server(("", taken + 1)):
        assert is_free(taken + 1) is False


def test_a_port_is_free_again_as_soon_as_its_server_has_gone(taken: int) -> None:
    address = ("127.0.0.1", taken + 1)
    with socket.create_server(address) as server, socket.create_connection(address):
        server.accept()[0].close()  # the server's side closes first, so the port waits in TIME_WAIT
    assert free_port(taken + 1) == taken + 1
