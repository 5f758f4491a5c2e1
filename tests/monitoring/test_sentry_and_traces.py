"""Errors go to Sentry and spans to OpenTelemetry if a variable says so; otherwise neither is loaded."""

import json

import pytest

from tests.monitoring.receiver import receiving, run

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

EMAIL = "ann@studio.example"
START = "import django; django.setup()\n"
# redis-py itself checks whether OpenTelemetry is installed; nothing loads what would send data.
LOADED = START + (
    "import sys, billing_engine.wsgi\n"
    "print([name for name in ('sentry_sdk', 'opentelemetry.exporter', 'google.protobuf') if name in sys.modules])\n"
)
A_FAULT = f"""
import django; django.setup()
from django.urls import path
import billing_engine.urls as urls
from django.views.decorators.csrf import csrf_exempt

@csrf_exempt
def broken(request):
    secret = "what only a variable knows"
    raise ValueError("no such person: {EMAIL}")

urls.urlpatterns.insert(0, path("broken", broken))
from io import BytesIO
from wsgiref.util import setup_testing_defaults
from billing_engine.wsgi import application
asked = {{
    "REQUEST_METHOD": "POST", "PATH_INFO": "/broken", "QUERY_STRING": "email={EMAIL}", "HTTP_HOST": "testserver",
    "REMOTE_ADDR": "127.0.0.1", "HTTP_X_REQUEST_ID": "4bf92f3577b34da6", "HTTP_COOKIE": "sessionid=abc",
    "HTTP_AUTHORIZATION": "Bearer lbe_0a1b2c3d_Secret", "CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": "26",
    "wsgi.input": BytesIO(b"a body of {EMAIL}"),
}}
setup_testing_defaults(asked)
list(application(asked, lambda status, headers: print(status)))
"""
A_SPAN = f"""
import django; django.setup()
from django.test import Client
Client().get("/api/v1/receipts/1?email={EMAIL}", headers={{"Authorization": "Bearer lbe_0a1b2c3d_Secret"}})
from pricing.tasks import rate_periods_task
rate_periods_task.apply(kwargs={{"period_ids": [987654321]}})
"""


def test_without_the_variables_neither_is_imported():
    done = run(LOADED)

    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_a_fault_reaches_sentry_with_its_place_and_its_request_and_without_anybodys_data():
    with receiving() as receiver:
        done = run(A_FAULT, SENTRY_DSN=f"http://public@127.0.0.1:{receiver.port}/7", SENTRY_ENVIRONMENT="test")

    assert done.returncode == 0, done.stderr
    [event] = [json.loads(line) for line in _lines(receiver.received, "/api/7/envelope/") if '"exception"' in line]
    [fault] = event["exception"]["values"]
    assert (fault["type"], fault["value"]) == ("ValueError", "no such person: [email]")
    assert fault["stacktrace"]["frames"][-1]["function"] == "broken"
    assert event["environment"] == "test"
    assert event["tags"]["request"] == "4bf92f3577b34da6"
    assert event["request"] == {"url": "http://testserver/broken", "method": "POST"}
    everything = "\n".join(body.decode("latin-1") for _, body in receiver.received)
    for secret in (EMAIL, "a body of", "lbe_0a1b2c3d", "sessionid", "what only a variable knows"):
        assert secret not in everything


def test_a_request_its_statements_and_a_task_reach_opentelemetry_without_their_values():
    with receiving() as receiver:
        done = run(A_SPAN, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{receiver.port}")

    assert done.returncode == 0, done.stderr
    assert {path for path, _ in receiver.received} == {"/v1/traces"}
    sent = b"\n".join(body for _, body in receiver.received)
    for expected in (
        b"lead-billing-engine",
        b"GET api/v1/receipts/",
        b"engine.request",
        b"api_key_known",
        b"pricing.rate_periods",
    ):
        assert expected in sent
    for secret in (EMAIL, "lbe_0a1b2c3d", "987654321"):
        assert secret.encode() not in sent


def test_what_cannot_be_used_is_said_in_words_and_nothing_starts():
    wrong = run(START, SENTRY_DSN="sentry, please")
    hidden = "import sys; sys.modules['sentry_sdk'] = sys.modules['opentelemetry'] = None\n" + START
    missing = run(hidden, SENTRY_DSN="http://public@127.0.0.1:1/7")
    no_spans = run(hidden, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")

    assert "SENTRY_DSN is not a valid Sentry address" in wrong.stderr
    assert "SENTRY_DSN is set, but requirements-watch.txt is not installed." in missing.stderr
    assert "OTEL_EXPORTER_OTLP_ENDPOINT is set, but requirements-watch.txt is not installed." in no_spans.stderr
    assert 0 not in {wrong.returncode, missing.returncode, no_spans.returncode}


def _lines(received: list[tuple[str, bytes]], path: str) -> list[str]:
    return [line for at, body in received if at == path for line in body.decode().splitlines()]
