"""Whatever a customer's program sends, the API responds as documented and never with an internal error."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from django.conf import LazySettings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode

from leads.models import Customer
from tests.leads.api.test_fuzz import CHECKS
from tests.portal.api.made import a_key
from tests.portal.rows import rows_of
from tests.portal.test_isolation import ids_in

pytestmark = pytest.mark.django_db
EXAMPLES = 8


@pytest.fixture
def api(northlight: Customer, settings: LazySettings) -> Iterator[Any]:
    settings.CUSTOMER_REQUESTS_PER_MINUTE = 0
    ids = ids_in(northlight, rows_of(northlight))
    config = schemathesis.Config.from_dict(
        {
            "generation": {"mode": "all", "with-security-parameters": False},
            "headers": {"Authorization": f"Bearer {a_key(northlight)}"},
        }
    )
    document = Client().get("/api/schema/", headers={"Accept": "application/json"}).json()
    for path, methods in document["paths"].items():
        if path.startswith("/api/v1/customer/"):
            for parameter in (each for method in methods.values() for each in method.get("parameters", [])):
                if parameter["in"] == "path":
                    parameter["schema"] = {"enum": [ids[parameter["name"]], "A" * 22]}
    asked = document["components"]["schemas"]["OpenDispute"]["properties"]
    asked["charges"]["items"], asked["reason"] = {"enum": [ids["charge"], "x"]}, {"enum": ["duplicate", "x"]}
    found = schemathesis.openapi.from_dict(document, config=config)
    found.app = WSGIHandler()
    # Like Django's own test client: the end of a request must not end the test's transaction.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield found
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_operation_answers_as_its_document_says(api: Any, mode: GenerationMode) -> None:
    operations = [each.ok() for each in api.get_all_operations()]
    ours = [each for each in operations if each.path.startswith("/api/v1/customer/")]

    assert len(ours) == 24
    for operation in ours:

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def answers_as_it_says(case: Case) -> None:
            case.call_and_validate(checks=CHECKS)

        with suppress(Unsatisfiable):  # an endpoint without input can't be called wrongly
            answers_as_it_says()
