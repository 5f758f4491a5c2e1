"""If something changes between lookup and write, the delivery is looked up again and stored correctly."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg2
import pytest
from django.db import OperationalError, connection

from billing_engine.core.calendar.spans import Month
from leads.domain.credentials.api_keys import create_key, usable_key
from leads.domain.intake import receive
from leads.domain.intake.receipt import Receipt
from leads.domain.intake.write import MANY, Overtaken
from leads.models import Action, BillingPeriod, Delivery, Lead, Source
from tests.factories.leads import ActionTypeFactory, BillingPeriodFactory, ProductFactory, SourceFactory

RECEIVED_AT = datetime(2026, 10, 20, 9, tzinfo=UTC)


@pytest.fixture
def source() -> Source:
    ActionTypeFactory.create()
    product = ProductFactory.create(sku="TILE-9")
    for month in (9, 10):
        BillingPeriodFactory.create(customer=product.customer, month=Month(2026, month))
    return SourceFactory.create()


def send(source: Source, *leads: dict[str, Any]) -> Receipt:
    return receive.receive(
        source, body=json.dumps(leads).encode(), content_type="application/json", received_at=RECEIVED_AT
    )


def lead(number: int = 1, *, sku: str = "TILE-9") -> dict[str, Any]:
    did = {"id": "A-1", "type": "sample_order", "occurred_at": "2026-09-15T12:00:00Z"}
    return {"id": f"L-{number}", "product": {"sku": sku}, "actions": [did]}


def meanwhile(change: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let something happen once, between lookup and write."""
    real, waiting = receive.store, [change]

    def store(*args: Any, **rows: Any) -> None:
        if waiting:
            waiting.pop()()
        real(*args, **rows)

    monkeypatch.setattr(receive, "store", store)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("leads", [1, MANY])
def test_an_action_whose_period_was_closed_concurrently_goes_to_the_next_open_one(
    leads: int, source: Source, monkeypatch: pytest.MonkeyPatch
):
    september = BillingPeriod.objects.filter(label="2026-09")
    meanwhile(lambda: september.update(state="closed", closed_at=RECEIVED_AT), monkeypatch)

    counts = send(source, *(lead(number) for number in range(leads))).counts()

    assert (counts["leads_created"], counts["actions_created"]) == (leads, leads)
    assert list(Action.objects.values_list("period__label", flat=True).distinct()) == ["2026-10"]
    assert (Lead.objects.count(), Action.objects.count(), Delivery.objects.count()) == (leads, leads, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("leads", [1, MANY])
def test_a_lead_stored_concurrently_is_a_duplicate(leads: int, source: Source, monkeypatch: pytest.MonkeyPatch):
    meanwhile(lambda: send(source, lead(0)), monkeypatch)

    counts = send(source, *(lead(number) for number in range(leads))).counts()

    assert (counts["leads_created"], counts["leads_duplicate"]) == (leads - 1, 1)
    assert (counts["actions_created"], counts["actions_duplicate"]) == (leads - 1, 1)
    assert (Lead.objects.count(), Action.objects.count(), Delivery.objects.count()) == (leads, leads, 2)


@pytest.mark.django_db(transaction=True)
def test_a_sender_that_loses_every_race_gets_an_error_and_nothing_is_stored(
    source: Source, monkeypatch: pytest.MonkeyPatch
):
    def always(*args: Any, **rows: Any) -> None:
        raise Overtaken

    monkeypatch.setattr(receive, "store", always)

    with pytest.raises(OperationalError):
        send(source, lead())
    assert (Lead.objects.count(), Action.objects.count(), Delivery.objects.count()) == (0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_connection_lost_between_two_requests_is_reopened(source: Source):
    key, whole = create_key(source)
    assert usable_key(whole, at=RECEIVED_AT) == key
    _end_this_connection()

    found = usable_key(whole, at=RECEIVED_AT)

    assert found == key
    assert found.source.code == source.code


def _end_this_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    other = psycopg2.connect(**connection.get_connection_params() | {"cursor_factory": None})
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    finally:
        other.close()
