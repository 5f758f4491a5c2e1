"""Deeds are shown on the page of their row, and the whole log is searched, filtered and exported by who may."""

import csv
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from time_machine import travel

from billing_engine.core.deeds import chain, origin
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.models import Deed
from leads.domain.terms.customer_terms import write_terms
from leads.models import Customer
from tests.factories.leads import CustomerFactory, QuarantinedItemFactory
from tests.factories.people import UserFactory, with_role

pytestmark = pytest.mark.django_db

SHOWN = Verb("deed_shown", "Shown in a test")
SECRET = Verb("deed_of_contacts", "Contact changed", values_need="leads.view_lead_that_nobody_may")
LOG = "/admin/core/deed/"
NEW_TYPE = {
    "code": "view",
    "name": "View",
    "unit": "view",
    "is_billable": "on",
    "largest_quantity": "1000",
    "largest_value": "1000",
}


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def acme(db: None) -> Customer:
    return CustomerFactory.create(name="ACME", time_zone="America/New_York")


@pytest.fixture
def olga(db: None) -> User:
    olga = with_role("Operations")
    olga.first_name, olga.last_name = "Olga", "Berg"
    olga.save()
    return olga


def shown(client: Client, address: str) -> str:
    return " ".join(client.get(address).content.decode().split())


def listed(client: Client, **asked: str) -> list[str]:
    found = client.get(LOG, asked).context["cl"].result_list
    return [deed.verb for deed in found]


def test_the_page_of_a_row_shows_its_last_deeds_in_the_customers_zone_with_values_and_leads_to_all(
    acme: Customer, olga: User
) -> None:
    olga.is_superuser = True  # so that she may change every term
    olga.save()
    changes = {"payment_terms_days": 45, "excluded_domains": ["acme.example", "stone.example"]}
    at = datetime(2026, 10, 1, tzinfo=UTC)
    write_terms(acme, changes=changes, first_day=at.date(), reason="As agreed", by=olga, at=at)
    page = reverse("admin:leads_customer_change", args=[acme.pk])
    client = client_of(olga)

    first = shown(client, page)
    for number in range(6):
        record(SHOWN, on=acme, by=None, reason=f"number {number}")
    last = shown(client, page)
    all_of_them = shown(client, reverse("admin:leads_customer_history", args=[acme.pk]))

    told = [
        "Changed the terms",
        "Olga Berg",
        "<dt>Payment terms</dt>",
        "<del>30</del>",
        "<ins>45</ins>",
        "<ins>acme.example, stone.example</ins>",
    ]
    assert [words for words in told if words not in first] == []
    assert ("Show all deeds" in first, "Show all deeds" in last) == (False, True)
    assert ("number 5" in last, "number 0" in last, "Changed the terms" in last) == (True, False, False)
    assert ("number 0" in all_of_them, "Changed the terms" in all_of_them) == (True, True)


def test_values_that_need_a_permission_are_hidden_without_it(olga: User) -> None:
    item = QuarantinedItemFactory.create()
    record(SECRET, on=item, by=olga, before={"email": "a@example.com"}, after={"email": "b@example.com"})

    page = shown(client_of(olga), reverse("admin:leads_quarantineditem_history", args=[item.pk]))

    assert ("Contact changed" in page, "example.com" in page) == (True, False)


def test_a_saved_form_is_one_deed_and_django_keeps_no_log_of_its_own(olga: User) -> None:
    client = client_of(olga)

    client.post("/admin/leads/actiontype/add/", NEW_TYPE)

    [deed] = Deed.objects.all()
    assert (deed.verb, deed.person, deed.address, bool(deed.request)) == ("action_type_saved", olga, "127.0.0.1", True)
    assert not LogEntry.objects.exists()


def test_the_log_is_filtered_by_person_kind_verb_and_day_and_searched_by_object_address_and_request(
    acme: Customer, olga: User
) -> None:
    other = UserFactory.create()
    origin.request_from("203.0.113.9")
    with travel(datetime(2026, 10, 5, 23, 30, tzinfo=UTC), tick=False):
        record(SHOWN, on=acme, by=other)
    origin.request_from("")
    record(Verb("deed_of_the_engine", "Done by the engine"), on=other, by=None)
    client = client_of(olga)
    both = ["deed_of_the_engine", "deed_shown"]

    assert listed(client) == both
    assert listed(client, person__id__exact=str(other.pk)) == ["deed_shown"]
    assert listed(client, actor__exact="engine") == ["deed_of_the_engine"]
    assert listed(client, verb="deed_shown") == ["deed_shown"]
    assert listed(client, q=f"leads.customer:{acme.pk}") == ["deed_shown"]
    assert listed(client, q="203.0.113.9") == ["deed_shown"]
    assert listed(client, q="acm") == ["deed_shown"]
    assert listed(client, q="no such request") == []
    today = f"{datetime.now(tz=UTC):%Y-%m-%d}"
    assert listed(client, days_from=today, days_to=today) == both
    assert listed(client, days_to="2020-01-01") == []


def test_an_export_holds_every_column_in_the_order_of_the_chain_and_is_itself_a_deed(
    acme: Customer, olga: User
) -> None:
    for number in range(2):
        record(SHOWN, on=acme, by=olga, reason=f"={number}", after={"budget": number})
    chain.seal()
    chosen: dict[str, Any] = {"action": "export_csv", "_selected_action": [*Deed.objects.values_list("pk", flat=True)]}

    answer = client_of(olga).post(LOG, chosen)

    text = "".join(part.decode("utf-8") for part in answer).removeprefix("\ufeff")
    rows = list(csv.DictReader(StringIO(text)))
    assert [(row["Place"], row["Who"], row["Did"], row["On"], row["Reason"], row["Changes"]) for row in rows] == [
        ("1", "Olga Berg", "Shown in a test", "ACME", "'=0", "Budget: – → 0"),
        ("2", "Olga Berg", "Shown in a test", "ACME", "'=1", "Budget: – → 1"),
    ]
    exported = Deed.objects.latest("pk")
    assert (exported.verb, exported.person, exported.after["deeds"]) == ("deeds_exported", olga, 2)


def test_a_viewer_sees_deeds_on_pages_but_neither_the_log_nor_where_they_came_from(acme: Customer, olga: User) -> None:
    origin.request_from("203.0.113.9")
    record(SHOWN, on=acme, by=olga)
    origin.request_from("")
    viewer = client_of(with_role("Viewer"))

    page = shown(viewer, reverse("admin:leads_customer_change", args=[acme.pk]))

    assert ("Shown in a test" in page, "203.0.113.9" in page) == (True, False)
    assert (viewer.get(LOG).status_code, client_of(olga).get(LOG).status_code) == (403, 200)
