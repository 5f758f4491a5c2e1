"""A burst of deliveries waits for its turn, and `/livez` answers at once however many wait."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import psycopg2
import pytest

from tests.deploy.roles import Deployed

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("bursts")]

BURST = 20  # on two processes with four slots each
ALIVE_WITHIN = 1.0
HELD_SECONDS = 3


def test_a_burst_waits_for_its_turn_while_livez_answers_at_once(engine: Deployed) -> None:
    with psycopg2.connect(engine.environ["DATABASE_URL"]) as blocker, ThreadPoolExecutor(BURST) as senders:
        with blocker.cursor() as cursor:
            cursor.execute("LOCK TABLE leads_delivery IN ACCESS EXCLUSIVE MODE")
        sent = [senders.submit(_deliver, engine, number) for number in range(BURST)]
        answers = list(_livez(engine))
        blocker.rollback()
        outcomes = [each.result() for each in sent]

    assert outcomes == [202] * BURST
    assert {status for status, _ in answers} == {200}
    assert max(seconds for _, seconds in answers) < ALIVE_WITHIN


def _livez(engine: Deployed) -> list[tuple[int, float]]:
    """Ask again and again while every slot is taken."""
    time.sleep(0.5)
    found, until = list[tuple[int, float]](), time.monotonic() + HELD_SECONDS
    while time.monotonic() < until:
        began = time.monotonic()
        found.append((_ask(engine, "GET", "/livez"), time.monotonic() - began))
        time.sleep(0.05)
    return found


def _deliver(engine: Deployed, number: int) -> int:
    lead = {"id": f"L-{number}", "product": {"sku": "NEW"}}
    return _ask(engine, "POST", "/api/v1/deliveries", json.dumps(lead))


def _ask(engine: Deployed, method: str, path: str, body: str = "") -> int:
    line = HTTPConnection("127.0.0.1", engine.web, timeout=60)
    try:
        line.request(method, path, body, {"Authorization": f"Bearer {engine.key}", "Content-Type": "application/json"})
        return line.getresponse().status
    finally:
        line.close()
