"""One gate: whatever the address, a person finds only their own customer's rows; everything else is not there."""

import re
import secrets
import uuid
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern
from django.utils.timezone import now

from leads.domain.memberships.looks import begin_look
from leads.domain.memberships.portal import portal_of
from leads.domain.memberships.public_ids import public_id, row_number
from leads.models import Customer, MemberRole
from portal.customer_urls import urlpatterns
from pricing.models import Charge
from receivables.models import Dispute, DisputeFile, DisputeStep
from tests.factories.people import superuser
from tests.portal.made import a_person, an_invoice, home, logged_in
from tests.portal.rows import rows_of

pytestmark = pytest.mark.django_db
PLAIN = {"form": "csv"}


def parts_of(pattern: URLPattern) -> list[str]:
    """The names of the ids in an address, without those that name no row."""
    return [name for name in pattern.pattern.converters if name not in PLAIN]


def addresses(ids: dict[str, str]) -> Iterator[str]:
    """Every address below a customer's, with these ids."""
    for pattern in urlpatterns:
        route = re.sub(r"<\w+:(\w+)>", lambda found: PLAIN.get(found[1]) or ids[found[1]], str(pattern.pattern))
        yield route


def ids_in(customer: Customer, rows: dict[str, Model]) -> dict[str, str]:
    return {name: public_id(portal_of(customer), row) for name, row in rows.items()}


def test_every_address_of_a_customer_opens_for_its_own_person_and_is_not_there_for_another_customers(
    northlight: Customer, rival: Customer
) -> None:
    rows = rows_of(northlight)
    ids = ids_in(northlight, rows)
    ours = logged_in(a_person(northlight, role=MemberRole.ADMINISTRATOR))
    theirs = logged_in(a_person(rival, role=MemberRole.ADMINISTRATOR, email="eve@rival.example"))
    asked = {"charge": ids["charge"]}

    opened = {route: ours.get(home(northlight) + route, asked).status_code for route in addresses(ids)}
    refused = {
        (method, route): getattr(theirs, method)(home(northlight) + route, asked).status_code
        for route in addresses(ids)
        for method in ("get", "post")
    }

    assert {route: status for route, status in opened.items() if status not in (200, 302)} == {}
    assert {key: status for key, status in refused.items() if status != 404} == {}


@pytest.mark.parametrize("kind", ["theirs", "sealed_by_us", "random", "numbers"])
def test_no_id_but_ones_own_opens_anything_at_ones_own_address(
    northlight: Customer, rival: Customer, kind: str
) -> None:
    rows = rows_of(northlight)
    theirs = logged_in(a_person(rival, role=MemberRole.ADMINISTRATOR, email="eve@rival.example"))
    ids = {
        "theirs": ids_in(northlight, rows),
        "sealed_by_us": ids_in(rival, rows),  # as if the key had leaked: the rows are still another customer's
        "random": {name: secrets.token_urlsafe(16) for name in rows},
        "numbers": {name: str(row.pk) for name, row in rows.items()},
    }[kind]
    with_ids = [route for route, pattern in zip(addresses(ids), urlpatterns, strict=True) if parts_of(pattern)]

    assert with_ids
    found = {route: theirs.get(home(rival) + route).status_code for route in with_ids}
    assert {route: status for route, status in found.items() if status != 404} == {}
    chosen = theirs.get(f"{home(rival)}disputes/open/", {"charge": ids["charge"]})
    whole = theirs.post(f"{home(rival)}disputes/open/?line={ids['line']}", {"words": "mine"})
    assert (chosen.status_code, whole.status_code, Dispute.objects.count()) == (404, 404, 1)


def test_the_lens_opens_the_same_addresses_and_changes_nothing(northlight: Customer) -> None:
    ids, boss = ids_in(northlight, rows_of(northlight)), superuser()
    begin_look(northlight, by=boss, reason="Call", at=now())
    client = Client()
    client.force_login(boss, backend="allauth.account.auth_backends.AuthenticationBackend")

    seen = {
        route: client.get(f"/admin{home(northlight)}{route}", {"charge": ids["charge"]}).status_code
        for route in addresses(ids)
    }
    written = {route: client.post(f"/admin{home(northlight)}{route}").status_code for route in addresses(ids)}

    assert {route: status for route, status in seen.items() if status not in (200, 302)} == {}
    assert set(written.values()) == {403}


def test_a_customer_that_is_not_there_is_like_one_of_others(northlight: Customer) -> None:
    client = logged_in(a_person(northlight))

    found = [client.get(f"/portal/{address}/") for address in (uuid.uuid4(), portal_of(northlight).public_id)]

    assert [each.status_code for each in found] == [404, 200]
    assert "We don&#x27;t have this page for your company" in found[0].content.decode()


def test_without_a_log_in_every_address_leads_to_it_whether_or_not_the_customer_exists(northlight: Customer) -> None:
    for address in (portal_of(northlight).public_id, uuid.uuid4()):
        answer = Client().get(f"/portal/{address}/invoices/")
        assert unquote(answer.headers["Location"]) == f"/portal/log-in/?next=/portal/{address}/invoices/"


def test_a_viewer_reads_everything_and_disputes_nothing(northlight: Customer) -> None:
    invoice = an_invoice(northlight)
    charge = public_id(portal_of(northlight), Charge.objects.get(period=invoice.period, amount__gt=0))
    viewer: User = a_person(northlight)
    client = logged_in(viewer)

    assert client.get(f"{home(northlight)}disputes/open/", {"charge": charge}).status_code == 404
    assert "Dispute" not in client.get(f"{home(northlight)}charges/{charge}/").content.decode().split("</header>")[1]


def test_an_id_is_of_one_customer_and_one_kind_of_row(northlight: Customer, rival: Customer) -> None:
    ours, theirs = portal_of(northlight), portal_of(rival)
    for number in (1, 2, 2**40):
        charge, step = Charge(pk=number), DisputeStep(pk=number)
        text = public_id(ours, charge)
        assert row_number(ours, Charge, text) == number
        assert row_number(theirs, Charge, text) is None
        assert row_number(ours, DisputeFile, text) is None
        assert public_id(theirs, charge) != text != public_id(ours, step)
    assert [row_number(ours, Charge, text) for text in ("", "a" * 22, "é" * 22, "=" * 22, "A" * 21)] == [None] * 5
