"""If there is a read replica, reports read from it, and nothing else does."""

import json
from typing import Any

import pytest

from tests.factories.people import superuser
from tests.invoices.made import a_draft
from tests.processes import at_once, environ

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

READ_ONLY = "?options=-c%20default_transaction_read_only%3Don"

ALIASES = """
import json
from billing_engine.core.read_replica import connection, reporting, rows_from_copy
from leads.models import Customer
found = {"outside": [connection().alias, Customer.objects.all().db]}
with reporting():
    found["reports"] = [connection().alias, Customer.objects.all().db]
    customer = Customer.objects.get()
    customer.name = "Another name"
    customer.save(using="default")
found["later"] = list(rows_from_copy(connection().alias for _ in range(2)))
found["name"] = Customer.objects.get().name
print(json.dumps(found))
"""
REFUSED = """
from leads.models import Customer
try:
    Customer.objects.using("copy").update(name="Changed")
except Exception as error:
    print(str(error).strip())
"""
READ = """
import json
from django.conf import settings
from django.db import connections
from django.test.utils import CaptureQueriesContext, setup_test_environment
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from invoices.models import Invoice
from reports.queries.sums.invariants import invariants
setup_test_environment()
settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
invoice, client = Invoice.objects.get(), Client()
client.force_login(User.objects.get(is_superuser=True))
asked = {"customer": invoice.customer.code, "period": invoice.period.label}
found = {}
with CaptureQueriesContext(connections["copy"]) as queries:
    found["hold"] = all(one.holds for one in invariants())
    found["sums"] = len(queries)
with CaptureQueriesContext(connections["copy"]) as queries:
    found["page"] = client.get(reverse("admin:reports_explorer"), asked, headers={"host": "localhost"}).status_code
    found["of the page"] = len(queries)
with CaptureQueriesContext(connections["copy"]) as queries:
    answer = client.get(reverse("admin:reports_explorer_file", args=["csv"]), asked, headers={"host": "localhost"})
    found["lines"] = len(b"".join(answer.streaming_content).splitlines())
    found["of the CSV"] = len(queries)
print(json.dumps(found))
"""


@pytest.fixture
def _with_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second, read-only connection to the same database."""
    monkeypatch.setenv("COPY_DATABASE_URL", environ()["DATABASE_URL"] + READ_ONLY)


def answer_of(program: str) -> dict[str, Any]:
    [answer] = at_once(program)
    found: dict[str, Any] = json.loads(answer.splitlines()[-1])
    return found


@pytest.mark.usefixtures("_with_a_copy")
def test_only_what_reports_read_comes_from_the_copy_and_what_is_written_never_goes_there():
    a_draft()

    assert answer_of(ALIASES) == {
        "outside": ["default", "default"],
        "reports": ["copy", "copy"],
        "later": ["copy", "copy"],
        "name": "Another name",
    }
    assert at_once(REFUSED) == ["cannot execute UPDATE in a read-only transaction"]


@pytest.mark.usefixtures("_with_a_copy")
def test_the_sums_and_the_explorer_are_read_from_the_copy():
    a_draft()
    superuser()

    found = answer_of(READ)

    assert (found["hold"], found["page"], found["lines"]) == (True, 200, 3)
    assert min(found["sums"], found["of the page"], found["of the CSV"]) > 0


def test_without_a_copy_reports_read_from_the_database_itself():
    a_draft()

    assert answer_of(ALIASES) == {
        "outside": ["default", "default"],
        "reports": ["default", "default"],
        "later": ["default", "default"],
        "name": "Another name",
    }
