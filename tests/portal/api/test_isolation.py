"""One gate for the API too: whatever the address and the method, a key finds only its own customer's rows."""

import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern
from django.utils.timezone import now

from leads.domain.credentials.api_keys import create_key
from leads.domain.credentials.lifetime import revoke
from leads.domain.memberships.keys import keys_of
from leads.models import Customer, MemberRole
from portal.api.urls import urlpatterns
from receivables.models import Dispute, DisputeStep
from tests.factories.leads import SourceFactory
from tests.factories.people import superuser
from tests.portal.api.made import API, Program, a_key
from tests.portal.made import a_person, logged_in
from tests.portal.rows import rows_of
from tests.portal.test_isolation import ids_in

pytestmark = pytest.mark.django_db
NOT_MADE = {"invoices/<str:invoice>/pdf": 409, "credit-notes/<str:note>/pdf": 409, "invoices/<str:invoice>/proof": 404}
REFUSED_HERE = {"disputes": 422, "disputes/<str:dispute>/answer": 409, "disputes/<str:dispute>/second-look": 409}


def routes() -> list[str]:
    return [str(pattern.pattern) for pattern in urlpatterns]


def filled(route: str, ids: dict[str, str]) -> str:
    return re.sub(r"<str:(\w+)>", lambda found: ids[found[1]], route)


def methods_of(pattern: URLPattern) -> list[str]:
    view: Any = pattern.callback
    return [name for name in ("get", "post") if hasattr(view.cls, name)]


def requests(ids: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Every method of every address: the method, the route, and the address with these ids."""
    for pattern in urlpatterns:
        for method in methods_of(pattern):
            yield method, str(pattern.pattern), filled(str(pattern.pattern), ids)


def sent(program: Program, method: str, address: str) -> int:
    return int(getattr(program, method)(address).status_code)


def test_every_address_answers_its_own_customer(northlight: Customer) -> None:
    ids = ids_in(northlight, rows_of(northlight))
    program = Program(a_key(northlight))

    found = {(method, route): sent(program, method, address) for method, route, address in requests(ids)}

    expected = {
        (method, route): NOT_MADE.get(route, 200) if method == "get" else REFUSED_HERE.get(route, 200)
        for method, route in found
    }
    assert found == expected


@pytest.mark.parametrize("kind", ["theirs", "sealed_by_us", "random", "numbers"])
def test_no_id_but_ones_own_is_there(northlight: Customer, rival: Customer, kind: str) -> None:
    rows = rows_of(northlight)
    theirs = Program(a_key(rival))
    ids = {
        "theirs": ids_in(northlight, rows),
        "sealed_by_us": ids_in(rival, rows),  # as if the key had leaked: the rows are still another customer's
        "random": {name: secrets.token_urlsafe(16) for name in rows},
        "numbers": {name: str(row.pk) for name, row in rows.items()},
    }[kind]

    found = {(method, route): sent(theirs, method, address) for method, route, address in requests(ids) if "<" in route}
    asked = {
        "after of invoices": theirs.get("invoices", after=ids["invoice"]).status_code,
        "after of disputes": theirs.get("disputes", after=ids["dispute"]).status_code,
        "after of actions": theirs.get("actions", after=ids["charge"]).status_code,
        "a product": theirs.get("activity", product=ids["charge"]).status_code,
        "a source": theirs.get("activity", source=ids["charge"]).status_code,
        "a line": theirs.post("disputes", {"line": ids["line"], "reason": "duplicate"}).status_code,
        "charges": theirs.post("disputes", {"charges": [ids["charge"]], "reason": "duplicate"}).status_code,
    }

    assert found
    assert {key: status for key, status in (found | asked).items() if status != 404} == {}
    assert (Dispute.objects.count(), DisputeStep.objects.count()) == (1, 1)


def test_only_a_key_of_a_customer_gets_in(northlight: Customer) -> None:
    ids = ids_in(northlight, rows_of(northlight))
    revoked = Program(a_key(northlight))
    revoke(keys_of(northlight)[0], by=None, at=now())
    staff = Program("")
    staff.headers = {}
    staff.client.force_login(superuser(), backend="allauth.account.auth_backends.AuthenticationBackend")
    person = Program("")
    person.headers, person.client = {}, logged_in(a_person(northlight, role=MemberRole.ADMINISTRATOR))
    strangers = {
        "no key": Program(""),
        "a source's key": Program(create_key(SourceFactory.create(customer=northlight))[1]),
        "a revoked key": revoked,
        "a key with another end": Program(a_key(northlight)[:-1] + "!"),
        "staff": staff,
        "a person of the portal": person,
    }

    found = dict[tuple[str, str, str], int]()
    for number, (who, each) in enumerate(strangers.items()):
        for place, (method, route, address) in enumerate(requests(ids)):
            each.place = {"REMOTE_ADDR": f"10.1.{number}.{place}"}  # wrong keys are counted by address
            found[who, method, route] = sent(each, method, address)

    assert {key: status for key, status in found.items() if status != 401} == {}


def test_a_customers_key_opens_nothing_else(northlight: Customer) -> None:
    headers = {"Authorization": f"Bearer {a_key(northlight)}"}

    for address in ("/api/v1/invoices", "/api/v1/reports/activity", "/api/v1/charges"):
        assert Client().get(address, headers=headers).status_code == 401
    sent_leads = Client().post("/api/v1/deliveries", {}, content_type="application/json", headers=headers)
    assert sent_leads.status_code == 401


def test_a_key_that_reads_changes_nothing(northlight: Customer) -> None:
    ids = ids_in(northlight, rows_of(northlight))
    program = Program(a_key(northlight, may_dispute=False))

    found = {
        (method, route): sent(program, method, address)
        for method, route, address in requests(ids)
        if method != "get" or route not in NOT_MADE
    }

    assert {key: status for key, status in found.items() if status != (200 if key[0] == "get" else 403)} == {}
    assert DisputeStep.objects.count() == 1


def test_no_method_is_answered_that_is_not_named(northlight: Customer) -> None:
    ids = ids_in(northlight, rows_of(northlight))
    program = Program(a_key(northlight))

    found = {
        (method, route): program.client.generic(method, API + filled(route, ids), headers=program.headers).status_code
        for route in routes()
        for method in ("PUT", "PATCH", "DELETE")
    }

    assert {key: status for key, status in found.items() if status not in (403, 405)} == {}
    unknown = program.get("nothing")
    assert (unknown.status_code, unknown["Content-Type"]) == (404, "application/problem+json")
