"""The rate limit of a source: shared by all processes through Redis, and not enforced while Redis is down."""

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from billing_engine.core import rate_limit
from billing_engine.core.rate_limit import wait_for_turn
from leads.api.authentication import WRONG_KEYS_PER_MINUTE
from leads.domain.credentials.api_keys import create_key
from leads.models import Delivery, Hook, Source
from tests.factories.leads import ProductFactory, SourceFactory
from tests.leads.hooks.calls import BODIES, Sender
from tests.processes import at_once, empty_broker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    empty_broker()
    _forget_the_connection()
    yield
    _forget_the_connection()


def _forget_the_connection() -> None:
    rate_limit._client.cache_clear()
    rate_limit._take_turn.cache_clear()
    rate_limit._Absence.until = 0


@pytest.fixture
def source() -> Source:
    ProductFactory.create(sku="TILE-9")
    return SourceFactory.create(requests_per_minute=2)


def post(client: Client, key: str) -> Any:
    return client.post(
        "/api/v1/deliveries",
        json.dumps({"id": "L-1", "product": {"sku": "TILE-9"}}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )


def test_a_throttled_request_says_when_to_retry_and_stores_nothing(client: Client, source: Source):
    _, key = create_key(source)

    answers = [post(client, key) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    problem = answers[2].json()
    assert (problem["code"], answers[2]["Content-Type"]) == ("throttled", "application/problem+json")
    assert 28 <= int(answers[2]["Retry-After"]) <= 30
    assert Delivery.objects.count() == 2


def test_all_keys_of_a_source_count_together_and_sources_apart(client: Client, source: Source):
    keys = [create_key(source)[1] for _ in range(3)]
    other = create_key(SourceFactory.create(requests_per_minute=1))[1]

    assert [post(client, key).status_code for key in [*keys, other]] == [202, 202, 429, 202]


def test_webhooks_count_together_with_the_keys_of_their_source(client: Client, source: Source):
    sender = Sender(source, Hook.Kind.TYPEFORM)
    body = sender.keyed(BODIES[Hook.Kind.TYPEFORM])

    answers = [sender.send(body), post(client, create_key(source)[1]), sender.send(body)]

    assert [each.status_code for each in answers] == [200, 202, 429]
    assert 28 <= int(answers[2]["Retry-After"]) <= 30


def test_guessed_addresses_are_limited_like_wrong_keys(client: Client):
    answers = [
        client.get("/api/v1/hooks/web/lbh_0123abcd_guess", REMOTE_ADDR="203.0.113.11")
        for _ in range(WRONG_KEYS_PER_MINUTE + 2)
    ]
    assert (answers[0].status_code, answers[-1].status_code) == (404, 429)


def test_the_settings_have_the_default_rate_limit(client: Client, settings: LazySettings):
    settings.REQUESTS_PER_MINUTE = 1
    ProductFactory.create(sku="TILE-9")
    usual, free = SourceFactory.create(), SourceFactory.create(requests_per_minute=0)

    def answers(source: Source) -> list[int]:
        _, key = create_key(source)
        return [post(client, key).status_code for _ in range(3)]

    assert (answers(usual), answers(free)) == ([202, 429, 429], [202, 202, 202])


def test_a_wrong_key_is_refused_however_often_it_is_sent(client: Client, source: Source):
    assert [post(client, "lbe_no_key").status_code for _ in range(4)] == [401] * 4


@pytest.mark.parametrize("per_minute", [1, 7, 60, 7_000])
def test_a_minutes_worth_may_come_at_once_and_not_one_more(per_minute: int):
    began = time.monotonic()
    waits = [wait_for_turn("burst", per_minute=per_minute) for _ in range(per_minute + 1)]
    refilled = int((time.monotonic() - began) * per_minute / 60) + 1

    assert waits[:per_minute] == [0] * per_minute
    assert (waits[per_minute] > 0) or refilled > 1


def test_the_highest_limit_is_counted_like_any_other(caplog: pytest.LogCaptureFixture):
    highest = 2**31 - 1  # what the column holds

    assert [wait_for_turn("highest", per_minute=highest) for _ in range(3)] == [0, 0, 0]
    assert caplog.messages == []  # above 60,000,000, Redis refused the script, and nothing was counted for seconds


def test_capacity_is_regained_evenly():
    waits = (wait_for_turn("evenly", per_minute=600) for _ in range(10_000))
    wait = next(filter(None, waits))
    assert 0 < wait <= 100  # milliseconds: one request per tenth of a second

    time.sleep(wait / 1000 + 0.01)

    assert wait_for_turn("evenly", per_minute=600) == 0


ASK = """
from time import monotonic
from billing_engine.core.rate_limit import wait_for_turn
began = monotonic()
print(sum(wait_for_turn("together", per_minute=60) == 0 for _ in range(40)), monotonic() - began)
"""


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_processes_count_together():
    began = time.monotonic()
    answers = [answer.split() for answer in at_once(ASK, ASK, ASK)]
    took = time.monotonic() - began

    through = sum(int(passed) for passed, _ in answers)
    assert 60 <= through <= 60 + took + 1  # one per second is regained meanwhile
    assert through < 120


@pytest.mark.parametrize("answers", [False, True])
def test_while_redis_is_down_every_request_is_let_through_without_a_long_wait(
    client: Client, source: Source, settings: LazySettings, answers: bool, caplog: pytest.LogCaptureFixture
):
    _, key = create_key(source)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        if not answers:
            silent.close()  # no server at all; otherwise one that never responds
        settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
        began = time.monotonic()
        statuses = [post(client, key).status_code for _ in range(5)]
        took = time.monotonic() - began

    assert statuses == [202] * 5
    assert took < 2
    assert caplog.text.count("Redis is unavailable") == 1


def test_wrong_keys_are_limited_per_address_and_right_ones_are_not(client: Client) -> None:
    key = create_key(SourceFactory.create(requests_per_minute=0))[1]

    def asked(bearer: str, address: str) -> int:
        headers = {"Authorization": f"Bearer {bearer}"}
        return client.get("/api/v1/receipts/1", headers=headers, REMOTE_ADDR=address).status_code

    answers = [asked("lbe_0123abcd_wrong", "203.0.113.9") for _ in range(WRONG_KEYS_PER_MINUTE + 2)]

    assert (answers[0], answers[-1]) == (401, 429)
    assert (asked(key, "203.0.113.9"), asked("lbe_0123abcd_wrong", "203.0.113.10")) == (404, 401)


def test_an_ipv6_sender_is_its_whole_network(client: Client) -> None:
    def asked(address: str) -> int:
        headers = {"Authorization": "Bearer lbe_0123abcd_wrong"}
        return client.get("/api/v1/receipts/1", headers=headers, REMOTE_ADDR=address).status_code

    answers = [asked(f"2001:db8::{number:x}") for number in range(1, WRONG_KEYS_PER_MINUTE + 3)]

    assert (answers[0], answers[-1], asked("2001:db8:0:1::1")) == (401, 429, 401)
