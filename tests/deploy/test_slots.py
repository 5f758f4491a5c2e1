"""How many requests a process handles at once, and that a slot becomes free however a request ends."""

from collections.abc import Iterator

import pytest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.test import RequestFactory

from billing_engine.operations.database_stalls import slots, watchdog
from billing_engine.operations.database_stalls.admission import PlacesMiddleware

ADDRESS = "unused postgres"


@pytest.fixture(autouse=True)
def two_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots._Places, "free", None)
    slots.allow(2)


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
