"""The log has one line per request and task, with ids that link them, and no personal data."""

import base64
import io
import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.test import Client

from billing_engine.core import log_context
from billing_engine.core.calendar.spans import Month
from billing_engine.operations.monitoring.logs import LINES, formatter
from billing_engine.operations.monitoring.redaction import masked
from invoices.domain.run.billing_run import start
from invoices.models import BillingRunItem
from invoices.tasks import bill_task
from leads.domain.credentials.api_keys import create_key
from leads.models import Delivery, Source
from pricing.tasks import rate_periods_task
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory
from tests.factories.pricing import PriceRuleFactory
from tests.monitoring.conftest import Said

pytestmark = pytest.mark.django_db

EMAIL = "ann.architect+tiles@studio.example"
LEAD: dict[str, Any] = {
    "id": "L-1",
    "product": {"sku": "TILE-9"},
    "contact": {"name": "Ann Architect", "email": EMAIL, "phone": "+1 202 555 0143"},
    "actions": [{"id": "A-1", "type": "sample_order", "occurred_at": "2026-09-20T12:00:00Z", "quantity": 3}],
}
REFUSED = {"id": "L-2", "product": {"sku": "NOWHERE"}, "contact": {"name": "Ann Architect", "email": EMAIL}}


@pytest.fixture
def source() -> Source:
    ProductFactory.create(sku="TILE-9")
    ActionTypeFactory.create(code="sample_order")
    return SourceFactory.create(code="web")


@pytest.fixture
def key(source: Source) -> str:
    return create_key(source)[1]


def deliver(key: str, body: Any, **headers: str) -> Any:
    named = {"Authorization": f"Bearer {key}", **headers}
    return Client().post("/api/v1/deliveries", json.dumps(body), content_type="application/json", headers=named)


def test_a_delivery_is_one_line_that_names_its_source_and_its_receipt(key: str, said: Said):
    answer = deliver(key, LEAD)

    [line] = [line for line in said() if line["logger"] == "billing_engine.requests"]
    assert line.pop("ms") > 0
    assert re.fullmatch(r"POST /api/v1/deliveries 202 in \d+\.\d ms", line.pop("event"))
    assert datetime.fromisoformat(line.pop("timestamp")).tzinfo is not None
    assert line == {
        "level": "info",
        "logger": "billing_engine.requests",
        "method": "POST",
        "path": "/api/v1/deliveries",
        "status": 202,
        "source": "web",
        "address": "127.0.0.1",
        "delivery": answer.json()["receipt"],
        "request": answer.headers["X-Request-ID"],
    }


def test_a_person_is_named_by_number(said: Said, operator: User):
    client = Client()
    client.force_login(operator)

    client.get("/admin/")

    [line] = [line for line in said() if line["logger"] == "billing_engine.requests"]
    assert (line["user"], "olga" in json.dumps(said())) == (operator.pk, False)


def test_who_is_not_asked_for_is_not_looked_up(django_assert_num_queries: Any, operator: User):
    client = Client()
    client.force_login(operator)

    with django_assert_num_queries(0):
        client.get("/livez")


def test_a_request_keeps_the_id_that_the_proxy_gave_it_and_nobody_elses(client: Client):
    proxy, stranger = {"REMOTE_ADDR": "127.0.0.1"}, {"REMOTE_ADDR": "203.0.113.9"}
    given = {"X-Request-ID": "4bf92f3577b34da6"}

    assert client.get("/livez", headers=given, **proxy)["X-Request-ID"] == "4bf92f3577b34da6"
    made = client.get("/livez", headers=given, **stranger)["X-Request-ID"]
    forged = client.get("/livez", headers={"X-Request-ID": "12345678 level=ERROR"}, **proxy)["X-Request-ID"]
    assert [bool(re.fullmatch(r"[0-9a-f]{32}", each)) for each in (made, forged)] == [True, True]


def test_whose_address_it_is_is_believed_from_the_proxy_only(client: Client, said: Said):
    client.get("/x", headers={"X-Forwarded-For": "198.51.100.1"}, REMOTE_ADDR="127.0.0.1")
    client.get("/x", headers={"X-Forwarded-For": "198.51.100.1"}, REMOTE_ADDR="203.0.113.9")
    client.get("/x", REMOTE_ADDR="")  # a Unix socket

    addresses = [line["address"] for line in said() if line["logger"] == "billing_engine.requests"]
    assert addresses == ["198.51.100.1", "203.0.113.9", ""]


def test_health_is_told_only_where_it_is_ill(client: Client, said: Said):
    client.get("/livez")

    assert [line["level"] for line in said() if line["logger"] == "billing_engine.requests"] == ["debug"]


def test_a_task_is_one_line_that_leads_back_to_the_request(said: Said):
    log_context.begin(request="4bf92f3577b34da6")
    sent = log_context.asked_by()
    log_context.end()

    done = rate_periods_task.apply(kwargs={"period_ids": []}, headers={log_context.HEADER: sent})

    [line] = [line for line in said() if line["logger"] == "billing_engine.tasks"]
    assert (line["task"], line["task_id"], line["request"]) == ("pricing.rate_periods", done.id, "4bf92f3577b34da6")
    assert (line["state"], line["ms"] > 0) == ("success", True)
    assert log_context.asked_by() == ""


def test_billing_names_the_run_and_the_item(key: str, said: Said):
    PriceRuleFactory.create()
    deliver(key, LEAD)
    run = start(Month(2026, 9), by=None, at=datetime(2026, 10, 3, tzinfo=UTC))
    item = BillingRunItem.objects.get()

    bill_task.apply(kwargs={"item_ids": [item.pk]})

    [line] = [line for line in said() if line.get("task") == "invoices.bill"]
    assert (line["run"], line["item"]) == (run.pk, item.pk)
    item.refresh_from_db()
    assert item.state == "billed"


def test_an_exception_is_told_as_data_without_the_values_of_its_variables(written: io.StringIO, said: Said):
    secret = "what only a variable knows"
    try:
        try:
            raise KeyError(len(secret))
        except KeyError as error:
            raise ValueError(f"no such person: {EMAIL}") from error
    except ValueError:
        logging.getLogger("billing_engine").exception("It failed")

    [line] = said()
    assert [(each["exc_type"], each["exc_value"]) for each in line["exception"]] == [
        ("ValueError", "no such person: [email]"),
        ("KeyError", "26"),
    ]
    assert line["exception"][0]["frames"][0]["name"].startswith("test_an_exception_is_told")
    assert secret not in written.getvalue()


def test_what_postgresql_says_of_a_row_is_left_out(said: Said, source: Source):
    try:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO leads_source (code, name) VALUES ('x', 'Ann Architect')")
    except DatabaseError:
        logging.getLogger("billing_engine").exception("It failed")

    [line] = [line for line in said() if line["event"] == "It failed"]
    words = line["exception"][0]["exc_value"]
    assert words.endswith("DETAIL: [left out]")
    assert "Ann" not in json.dumps(line["exception"])


def test_nothing_of_a_person_and_no_key_is_in_any_line_of_an_intake_and_a_run(
    key: str, written: io.StringIO, said: Said
):
    """Every level and library; leads that are accepted, refused, retried, rated and billed."""
    PriceRuleFactory.create()
    deliver(key, [LEAD, REFUSED], **{"Idempotency-Key": "one"})
    deliver(key, [LEAD, REFUSED], **{"Idempotency-Key": "one"})
    deliver(key + "x", LEAD)
    deliver(key, {**LEAD, "contact": {**LEAD["contact"], "name": "Another"}})
    client = Client(headers={"Authorization": f"Bearer {key}"})
    client.get(f"/api/v1/actions/web/A-1?lead={EMAIL}")
    client.get(f"/api/v1/actions/web/{EMAIL}?lead=L-1")
    client.post("/api/v1/deliveries", json.dumps(LEAD)[:-9], content_type="application/json")
    start(Month(2026, 9), by=None, at=datetime(2026, 10, 3, tzinfo=UTC))
    bill_task.apply(kwargs={"item_ids": [BillingRunItem.objects.get().pk]})

    loggers = {line["logger"] for line in said()}
    assert {"billing_engine.requests", "billing_engine.tasks"} <= loggers
    assert Delivery.objects.count() == 2
    for secret in (EMAIL, "studio.example", "Ann Architect", "202 555", key, key[13:], "lbe_"):
        assert secret not in written.getvalue()


def test_on_a_desk_a_line_is_a_line_whatever_an_address_holds():
    line = logging.LogRecord("engine", logging.INFO, "x.py", 1, "GET /a\nERROR forged 200", (), None)
    log_context.begin(request="4bf92f3577b34da6")

    words = formatter(form=LINES).format(line)

    log_context.end()
    assert re.fullmatch(r"\S+Z info engine GET /a\\nERROR forged 200 request=4bf92f3577b34da6", words)


FILE = b"a file" * 100
MAIL_MASKED = "Content-Type: application/pdf\n\n[base64]--end"


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("redis://:secret@host:6379/0", "redis://:[password]@host:6379/0"),
        ("postgres://engine:secret@db.example/engine", "postgres://engine:[password]@db.example/engine"),
        ("to <ann@studio.example>, ben@studio.example.", "to <[email]>, [email]"),
        ("Bearer lbe_0a1b2c3d_Sec-ret_9", "Bearer [key]"),
        ("POST /api/v1/hooks/web/lbh_0a1b2c3d_Sec-ret_9 200", "POST /api/v1/hooks/web/[key] 200"),
        ("key lbc_0a1b2c3d_Sec-ret_9", "key [key]"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw==", "[key]"),
        (f"body={base64.b64encode(b'a lead' * 40).decode()} end", "body=[base64] end"),
        (f"Content-Type: application/pdf\n\n{base64.encodebytes(FILE).decode()}--end", MAIL_MASKED),
        (repr(base64.encodebytes(FILE)), "b'[base64]'"),
        ("failed: %PDF-1.7 binary \n more %%EOF here", "failed: [PDF] here"),
        ({"body": FILE, "seen": memoryview(FILE)}, {"body": "[600 bytes]", "seen": "[600 bytes]"}),
        ("a" * 64, "a" * 64),
        ("2 leads @ 3 a piece", "2 leads @ 3 a piece"),
        ({"deep": ["ann@studio.example", 3]}, {"deep": ["[email]", 3]}),
    ],
)
def test_what_others_write_is_masked(text: Any, instead: Any):
    assert masked(text) == instead
