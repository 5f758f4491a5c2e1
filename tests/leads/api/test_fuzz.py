"""Whatever is sent to the API, it responds as documented and never with an internal error.

Requests are generated from the OpenAPI document (valid, nearly valid and nonsense), always the same ones.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from leads.domain.credentials.api_keys import create_key
from leads.models import Action, Delivery, Lead, QuarantinedItem
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory

pytestmark = pytest.mark.django_db

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 60
# Only operations know these; with them, some of the generated items can be stored.
KNOWN: list[tuple[str, str, list[str]]] = [
    ("ProductItem", "sku", ["TILE-9", "NEW"]),
    ("ProductItem", "customer", ["ACME"]),
    ("LeadItem", "channel", ["website", ""]),
    ("LeadItem", "occurred_at", ["2025-10-15T12:00:00Z"]),
    ("ActionItem", "type", ["sample_order"]),
    ("ActionItem", "occurred_at", ["2025-10-15T12:00:00Z", "2025-10-31T23:59:59.999999-23:59"]),
]


@pytest.fixture
def key() -> str:
    ProductFactory.create(sku="TILE-9", customer__code="ACME")
    ActionTypeFactory.create(code="sample_order")
    return create_key(SourceFactory.create(code="web", new_products="create"))[1]


@pytest.fixture
def api(key: str) -> Iterator[Any]:
    config = schemathesis.Config.from_dict(
        {
            "generation": {"mode": "all", "with-security-parameters": False},
            "headers": {"Authorization": f"Bearer {key}"},
        }
    )
    document = Client().get("/api/schema/", headers={"Accept": "application/json"}).json()
    for form, member, known in KNOWN:
        document["components"]["schemas"][form]["properties"][member] = {"enum": known}
    found = schemathesis.openapi.from_dict(document, config=config)
    found.app = WSGIHandler()
    # Like Django's own test client: the end of a request must not end the test's transaction.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield found
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


OPERATIONS = [
    ("POST", "/api/v1/deliveries"),
    ("GET", "/api/v1/receipts/{receipt}"),
    ("GET", "/api/v1/actions/{source}/{action}"),
    ("GET", "/api/v1/charges/{charge}/explanation"),
    ("GET", "/api/v1/limits"),
]


# Addresses with a token: tests/leads/hooks has their own fuzz tests.
WITH_TOKENS = [("GET", "/api/v1/hooks/{source}/{token}"), ("POST", "/api/v1/hooks/{source}/{token}")]

# Endpoints that sources can't use are tested as finance in tests/invoices/api/test_fuzz.py, those of customers in
# tests/portal/api/test_fuzz.py.
FOR_STAFF = [
    ("GET", "/api/v1/invoices"),
    ("GET", "/api/v1/invoices/{invoice}"),
    ("GET", "/api/v1/invoices/{invoice}/lines"),
    ("GET", "/api/v1/lines/{line}/charges"),
    ("GET", "/api/v1/charges"),
    ("GET", "/api/v1/reports/activity"),
]


def test_every_operation_is_asked(api: Any) -> None:
    found = [each.ok() for each in api.get_all_operations()]
    asked = [each.label for each in found if not each.path.startswith("/api/v1/customer/")]

    assert sorted(asked) == sorted(map(" ".join, OPERATIONS + WITH_TOKENS + FOR_STAFF))


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_api_answers_as_its_document_says(api: Any, method: str, path: str, mode: GenerationMode) -> None:
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
        case.call_and_validate(checks=CHECKS)

    with suppress(Unsatisfiable):  # an endpoint without input can't be called wrongly
        answers_as_it_says()
    assert_everything_is_accounted_for()


def assert_everything_is_accounted_for() -> None:
    """Check that every stored row was counted by a delivery."""
    assert {item.state for item in QuarantinedItem.objects.all()} <= {"waiting"}
    created = sum(each.leads_created + each.leads_test for each in Delivery.objects.all())
    done = sum(each.actions_created + each.actions_test for each in Delivery.objects.all())
    assert (Lead.objects.count(), Action.objects.count()) == (created, done)
