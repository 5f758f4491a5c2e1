"""The invoices API answers every request as its schema says, and never with an internal error."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from django.conf import settings as django_settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode

from invoices.models import Invoice
from tests.invoices.lines.test_detail import a_mixed_invoice
from tests.leads.api.test_fuzz import CHECKS, FOR_STAFF

pytestmark = pytest.mark.django_db

EXAMPLES = 30


@pytest.fixture
def api(finance: Client) -> Iterator[Any]:
    invoice = a_mixed_invoice()
    line = invoice.lines.get(position=2)
    # Real ids, so that some generated requests find something.
    known: dict[str, list[Any]] = {
        "invoice": [invoice.pk, 1],
        "line": [line.pk, 1],
        "customer": [invoice.customer.code, "NOBODY"],
        "period": [invoice.period.label, "2026-99"],
    }
    config = schemathesis.Config.from_dict({"generation": {"mode": "all", "with-security-parameters": False}})
    document = Client().get("/api/schema/", headers={"Accept": "application/json"}).json()
    for _, path in FOR_STAFF:
        for parameter in document["paths"][path]["get"]["parameters"]:
            if parameter["name"] in known:
                parameter["schema"] = {"enum": known[parameter["name"]]}
    found = schemathesis.openapi.from_dict(document, config=config)
    found.app = WSGIHandler()
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield found
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("method", "path"), FOR_STAFF)
def test_the_api_answers_as_its_document_says(
    api: Any, finance: Client, method: str, path: str, mode: GenerationMode
) -> None:
    name = django_settings.SESSION_COOKIE_NAME
    session = {name: finance.cookies[name].value}
    before = list(Invoice.objects.values())
    answered: set[int] = set()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(api[path][method].as_strategy(generation_mode=mode))
    def answers_as_it_says(case: Case) -> None:
        answered.add(case.call_and_validate(checks=CHECKS, cookies=session).status_code)

    with suppress(Unsatisfiable):  # what takes nothing can be asked nothing wrong
        answers_as_it_says()
    assert mode != GenerationMode.POSITIVE or 200 in answered
    assert list(Invoice.objects.values()) == before
