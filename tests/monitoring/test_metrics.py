"""What `/metrics` returns, to which clients, and at what cost."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from billing_engine.core.calendar.spans import Month
from billing_engine.core.tasks import after_commit
from billing_engine.operations import health
from billing_engine.operations.monitoring.trusted_proxies import networks
from invoices.domain.run.billing_run import start
from invoices.models import BillingRun, InvoiceDocument
from leads.domain.credentials.api_keys import create_key
from leads.domain.periods import mark_unrated
from leads.models import BillingPeriod, UnratedMark
from pricing.domain.rate.rate import rate
from reports.queries import backlog
from tests.factories.invoices import InvoiceFactory, InvoiceMailFactory
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    LeadFactory,
    ProductFactory,
    QuarantinedItemFactory,
    SourceFactory,
)
from tests.processes import empty_broker

DATED = ("marks", "unrated", "given_up", "quarantine", "mails", "documents")
UNDATED = ("unpriceable", "failed_bills", "failed_mails", "failed_documents")
NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
Figures = dict[str, dict[tuple[str, ...], float]]


def figures(client: Client) -> Figures:
    """Every gauge, by the values of its labels in the order of their names."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        family.name: {tuple(value for _, value in sorted(one.labels.items())): one.value for one in family.samples}
        for family in text_string_to_metric_families(answer.content.decode())
        if family.type == "gauge"
    }


@pytest.fixture
def at_noon() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def test_an_empty_engine_has_nothing_waiting_and_says_so(db: None, client: Client, at_noon: None):
    empty_broker()

    found = figures(client)

    found.pop("lead_billing_scrape_seconds")
    outcomes = ("conflict", "created", "duplicate", "quarantined", "test", "updated")
    assert found == {
        "lead_billing_answers": {("database",): 1, ("broker",): 1, ("beat",): 0},
        "lead_billing_received_items": {(kind, one): 0 for kind in ("lead", "action") for one in outcomes},
        "lead_billing_rated_actions": {("charged",): 0, ("excluded",): 0, ("unrated",): 0},
        "lead_billing_backlog": {(queue,): 0 for queue in (*DATED, *UNDATED)},
        "lead_billing_backlog_oldest_seconds": {(queue,): 0 for queue in DATED},
        "lead_billing_run_items": {},
        "lead_billing_run_seconds": {},
        "lead_billing_run_still_seconds": {},
        "lead_billing_queue_messages": dict.fromkeys(
            [("billing",), ("celery",), ("documents",), ("mails",), ("rating",), ("webhooks",)], 0
        ),
    }


def test_what_was_received_is_counted_by_outcome_for_five_minutes(db: None, client: Client):
    ProductFactory.create(sku="TILE-9")
    ActionTypeFactory.create(code="sample_order")
    key = create_key(SourceFactory.create())[1]
    action = {"type": "sample_order", "occurred_at": "2026-10-15T11:00:00Z"}
    lead = {"id": "L-1", "product": {"sku": "TILE-9"}, "actions": [{"id": "A-1", **action}, {"id": "A-2", **action}]}
    with time_machine.travel(NOW, tick=False) as clock:
        for body in (lead, lead, {"id": "L-2", "product": {"sku": "NOWHERE"}}):
            client.post(
                "/api/v1/deliveries",
                json.dumps(body),
                content_type="application/json",
                headers={"Authorization": f"Bearer {key}"},
            )
        received = figures(client)["lead_billing_received_items"]
        clock.shift(timedelta(minutes=6))
        later = figures(client)["lead_billing_received_items"]

    assert {key: count for key, count in received.items() if count} == {
        ("lead", "created"): 1,
        ("lead", "duplicate"): 1,
        ("lead", "quarantined"): 1,
        ("action", "created"): 2,
        ("action", "duplicate"): 2,
    }
    assert set(later.values()) == {0}


def test_what_waits_is_counted_with_the_age_of_the_oldest(db: None, client: Client):
    with time_machine.travel(NOW - timedelta(hours=2), tick=False):
        period = _unrated()
        QuarantinedItemFactory.create(received_at=NOW - timedelta(hours=2))
        mark_unrated([period], reason="test")
    with time_machine.travel(NOW - timedelta(hours=1), tick=False):
        QuarantinedItemFactory.create(received_at=NOW - timedelta(hours=1))
        mark_unrated([period], reason="test")
    with time_machine.travel(NOW, tick=False):
        found = figures(client)

    assert found["lead_billing_rated_actions"] == {("charged",): 0, ("excluded",): 0, ("unrated",): 3}
    assert found["lead_billing_backlog"] == {
        ("marks",): 2,
        ("unrated",): 3,
        ("unpriceable",): 0,
        ("given_up",): 0,
        ("quarantine",): 2,
        ("failed_bills",): 0,
        ("mails",): 0,
        ("failed_mails",): 0,
        ("documents",): 0,
        ("failed_documents",): 0,
    }
    assert found["lead_billing_backlog_oldest_seconds"] == {
        ("marks",): 7200,
        ("unrated",): 7200,
        ("given_up",): 0,
        ("quarantine",): 7200,
        ("mails",): 0,
        ("documents",): 0,
    }


def test_mails_wait_and_fail_until_somebody_asks_for_them_again(db: None, client: Client, at_noon: None):
    failed = InvoiceMailFactory.create(state="failed", reason="550 no such box", settled_at=NOW, requested_at=NOW)

    before = figures(client)
    InvoiceMailFactory.create(invoice=failed.invoice, requested_at=NOW - timedelta(minutes=1))
    after = figures(client)

    assert [before["lead_billing_backlog"][queue,] for queue in ("mails", "failed_mails")] == [0, 1]
    assert [after["lead_billing_backlog"][queue,] for queue in ("mails", "failed_mails")] == [1, 0]
    assert after["lead_billing_backlog_oldest_seconds"]["mails",] == 60


def test_documents_wait_and_fail_until_they_are_made(db: None, client: Client, at_noon: None):
    facts = {"requested_at": NOW - timedelta(minutes=2)}
    waits = InvoiceDocument.objects.create(invoice=InvoiceFactory.create(), next_attempt_at=NOW, **facts)
    InvoiceDocument.objects.create(invoice=InvoiceFactory.create(), state="failed", reason="Too long", **facts)

    found = figures(client)

    assert [found["lead_billing_backlog"][queue,] for queue in ("documents", "failed_documents")] == [1, 1]
    assert found["lead_billing_backlog_oldest_seconds"]["documents",] == 120
    assert not waits.is_kept


def test_a_run_shows_how_far_it_is_until_it_is_done(db: None, client: Client, at_noon: None):
    BillingPeriodFactory.create_batch(2, label="2026-09", start_at=_day(9), end_at=_day(10))
    run = start(Month(2026, 9), by=None, at=NOW - timedelta(minutes=5))
    run.items.filter(pk=run.items.order_by("pk")[0].pk).update(state="failed", message="Why", settled_at=NOW)

    found = figures(client)
    run.finished_at = NOW
    run.save()
    after = figures(client)

    assert found["lead_billing_run_items"] == {
        ("2026-09", "waiting"): 1,
        ("2026-09", "billed"): 0,
        ("2026-09", "nothing"): 0,
        ("2026-09", "failed"): 1,
    }
    assert found["lead_billing_run_seconds"] == {("2026-09",): 300}
    assert found["lead_billing_backlog"]["failed_bills",] == 1
    assert (after["lead_billing_run_items"], after["lead_billing_run_seconds"]) == ({}, {})


def test_a_run_stands_still_since_its_last_item_unless_it_is_paused_or_has_nothing_left(db: None, client: Client):
    BillingPeriodFactory.create_batch(3, label="2026-09", start_at=_day(9), end_at=_day(10))
    run = start(Month(2026, 9), by=None, at=NOW - timedelta(minutes=20))

    def still(*, settled: int | None = None, paused_at: datetime | None = None) -> float:
        if settled is not None:
            run.items.filter(pk=run.items.waiting()[0].pk).update(
                state="nothing", settled_at=NOW - timedelta(minutes=settled)
            )
        BillingRun.objects.filter(pk=run.pk).update(paused_at=paused_at)
        with time_machine.travel(NOW, tick=False):
            return figures(client)["lead_billing_run_still_seconds"]["2026-09",]

    assert still() == 1200  # nothing has happened since it started
    assert still(settled=7) == 420
    assert still(settled=16) == 420  # the latest counts
    assert still(paused_at=NOW) == 0
    assert still(settled=5) == 0


def test_marks_of_a_closed_period_wait_for_no_worker(db: None, client: Client, at_noon: None):
    for state, facts in (("open", {}), ("closed", {"closed_at": NOW})):
        period = BillingPeriodFactory.create(state=state, **facts)
        UnratedMark.objects.create(period=period, reason="test")
    UnratedMark.objects.filter(period__state="closed").update(created_at=NOW - timedelta(days=2))

    found = figures(client)

    assert found["lead_billing_backlog"]["marks",] == 1
    assert found["lead_billing_backlog_oldest_seconds"]["marks",] == 0


def test_messages_that_no_worker_has_taken_are_counted_by_queue(
    db: None, client: Client, django_capture_on_commit_callbacks: Any
):
    empty_broker()
    health.beats()
    with django_capture_on_commit_callbacks(execute=True):
        after_commit("pricing.rate_periods", period_ids=[])
        after_commit("pricing.rate_periods", period_ids=[])
        after_commit("invoices.bill", item_ids=[0])
        after_commit("invoices.mail", item_id=0, attempt=0)

    found = figures(client)

    assert found["lead_billing_queue_messages"] == {
        ("billing",): 1,
        ("celery",): 0,
        ("documents",): 0,
        ("mails",): 1,
        ("rating",): 2,
        ("webhooks",): 0,
    }
    assert found["lead_billing_answers"]["beat",] == 1
    empty_broker()


def test_requests_are_timed_by_route_and_never_by_path(db: None, client: Client):
    client.get("/api/v1/receipts/987654321")
    client.get("/no/such/place")

    text = client.get("/metrics").content.decode()

    assert re.search(
        r'lead_billing_request_seconds_count\{method="GET",route="api/v1/receipts/[^"]+",status="4xx"\} [1-9]', text
    )
    assert 'route="none"' in text
    assert "987654321" not in text
    assert "such/place" not in text


def test_without_redis_the_figures_of_the_database_are_there(db: None, client: Client, settings: LazySettings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    found = figures(client)

    assert found["lead_billing_answers"] == {("database",): 1, ("broker",): 0, ("beat",): 0}
    assert "lead_billing_queue_messages" not in found
    assert found["lead_billing_backlog"]["marks",] == 0


@pytest.mark.parametrize(
    ("told", "asked", "status"),
    [
        ({}, {}, 200),  # a desk, from the desk itself
        ({}, {"REMOTE_ADDR": "10.0.0.7"}, 404),
        (
            {},
            {"headers": {"X-Forwarded-For": "127.0.0.1"}},
            404,
        ),  # NGINX is in the network too, and passes on strangers
        ({"METRICS_NETWORKS": "10.0.0.0/8"}, {"REMOTE_ADDR": "10.0.0.7"}, 200),
        ({"METRICS_NETWORKS": ""}, {}, 404),
        ({"METRICS_TOKEN": "t" * 20}, {"REMOTE_ADDR": "10.0.0.7"}, 404),
        ({"METRICS_TOKEN": "t" * 20}, {"REMOTE_ADDR": "10.0.0.7", "headers": {"Authorization": "Bearer t"}}, 404),
        ({"METRICS_TOKEN": "t" * 20}, {"REMOTE_ADDR": "10.0.0.7", "headers": {"Authorization": "Bearer é"}}, 404),
        (
            {"METRICS_TOKEN": "t" * 20},
            {"REMOTE_ADDR": "10.0.0.7", "headers": {"Authorization": f"Bearer {'t' * 20}"}},
            200,
        ),
    ],
)
def test_metrics_are_for_the_inside(
    db: None, settings: LazySettings, told: dict[str, str], asked: dict[str, Any], status: int
):
    settings.METRICS_TOKEN = told.get("METRICS_TOKEN", "")
    if "METRICS_NETWORKS" in told:
        settings.METRICS_NETWORKS = networks("METRICS_NETWORKS", filter(None, told["METRICS_NETWORKS"].split(",")))

    assert Client().get("/metrics", **asked).status_code == status


def test_a_scrape_asks_as_often_with_many_rows_as_with_none(db: None, client: Client):
    with CaptureQueriesContext(connection) as none:
        figures(client)
    period = _unrated()
    QuarantinedItemFactory.create_batch(3)
    mark_unrated([period] * 3, reason="test")
    with CaptureQueriesContext(connection) as many:
        figures(client)

    assert len(many) <= len(none) + 1  # the age of the oldest unrated action is read only if there is one
    assert len(many) <= 17


def test_no_count_goes_further_than_it_says(db: None, monkeypatch: pytest.MonkeyPatch, client: Client):
    monkeypatch.setattr(backlog, "AT_MOST", 2)
    UnratedMark.objects.bulk_create(UnratedMark(period=period) for period in [BillingPeriodFactory.create()] * 3)

    assert figures(client)["lead_billing_backlog"]["marks",] == 2


def _unrated() -> BillingPeriod:
    """Three actions that no rule prices, received two hours before noon."""
    period = BillingPeriodFactory.create()
    received_at = NOW - timedelta(hours=2)
    lead = LeadFactory.create(product__customer=period.customer, delivery__received_at=received_at)
    for _ in range(3):
        ActionFactory.create(lead=lead, period=period)
    rate(period, at=NOW)
    return period


def _day(month: int) -> datetime:
    return datetime(2026, month, 1, tzinfo=UTC)
