"""How many requests a process handles at once, and that a slot becomes free however a request ends."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.test import RequestFactory

from billing_engine.operations.database_stalls import slots, watchdog
from billing_engine.operations.database_stalls.admission import PlacesMiddleware

ADDRESS = "unused postgres"


@pytest.fixture(autouse=True)
def two_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots._Process, "room", None)
    slots.allow(2, waiting=1)


@pytest.fixture
def suspected() -> Iterator[None]:
    """A server that was checked long ago and has not answered."""
    watchdog._process.unanswered_since[ADDRESS] = 0
    yield
    watchdog._process.unanswered_since.pop(ADDRESS, None)


def ask(path: str, answer: HttpResponseBase | None = None) -> HttpResponseBase:
    def view(_: HttpRequest) -> HttpResponseBase:
        if answer is None:
            raise RuntimeError
        return answer

    return PlacesMiddleware(view)(RequestFactory().get(path))


@pytest.mark.usefixtures("suspected")
def test_while_all_places_are_taken_at_a_silent_server_every_other_request_is_told_to_come_again_but_livez_is_answered():
    assert slots.take()
    assert slots.take()

    refused, page, alive = (ask(path, HttpResponse("here")) for path in ("/api/v1/deliveries", "/admin/", "/livez"))

    assert (refused.status_code, refused["Retry-After"], refused["Content-Type"]) == (
        503,
        "5",
        "application/problem+json",
    )
    assert (page.status_code, page["Retry-After"], page["Content-Type"]) == (503, "5", "text/plain")
    assert alive.status_code == 200


@pytest.mark.usefixtures("suspected")
def test_a_place_comes_free_when_a_request_is_answered_or_fails_and_of_a_download_when_all_is_sent():
    for _ in range(3):
        assert ask("/admin/", HttpResponse("here")).status_code == 200
        with pytest.raises(RuntimeError):
            ask("/admin/")
    downloads = [ask("/admin/", StreamingHttpResponse(["a", "b"])) for _ in range(3)]

    assert [each.status_code for each in downloads] == [200, 200, 503]
    downloads[0].close()
    downloads[0].close()
    after = [ask("/admin/", StreamingHttpResponse(["a", "b"])) for _ in range(2)]
    assert [each.status_code for each in after] == [200, 503]


def in_a_thread(done: Callable[[], Any]) -> "Future[Any]":
    """Start it in a thread of its own, and let it get going."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(done)
    pool.shutdown(wait=False)
    time.sleep(0.2)
    return future


def test_with_all_waiting_places_taken_a_request_is_told_at_once_to_come_again():
    both = [slots.take(), slots.take()]
    waiting = in_a_thread(lambda: ask("/admin/", HttpResponse("here")).status_code)
    began = time.monotonic()

    refused, alive = ask("/admin/", HttpResponse("here")), ask("/livez", HttpResponse("here"))

    assert (refused.status_code, refused["Retry-After"], alive.status_code) == (503, "5", 200)
    assert time.monotonic() - began < 0.1
    assert both[0] is not None
    both[0].give_back()
    assert waiting.result(timeout=5) == 200


def test_whoever_has_waited_longest_is_next():
    slots.allow(1, waiting=3)
    held = slots.take()
    order = list[int]()

    def wait(number: int) -> None:
        slot = slots.take()
        assert slot is not None
        order.append(number)
        slot.give_back()

    waiting = [in_a_thread(partial(wait, number)) for number in range(3)]
    assert held is not None
    held.give_back()
    for each in waiting:
        each.result(timeout=5)
    assert order == [0, 1, 2]


def test_whoever_waits_too_long_leaves_the_queue(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(slots, "LONGEST_SECONDS", 0.3)
    both = [slots.take(), slots.take()]
    assert slots.take() is None
    for slot in both:
        assert slot is not None
        slot.give_back()
    assert [slot is not None for slot in (slots.take(), slots.take())] == [True, True]


SERVER_PROCESS = "SELECT pg_backend_pid()"


@pytest.mark.django_db(transaction=True)
def test_a_slot_lends_its_connection_to_each_thread_that_has_it():
    slots.allow(1, waiting=9)

    def work() -> int:
        slot = slots.take()
        assert slot is not None
        try:
            with connection.cursor() as cursor:
                cursor.execute(SERVER_PROCESS)
                return int(cursor.fetchone()[0])
        finally:
            slot.give_back()

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: work(), range(24)))
    assert len(found) == 1
    last = slots.take()
    assert last is not None
    last.connections["default"].close()
