"""A person is found, exported and erased on one page; each act is on record and nothing of the person is in an address."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from billing_engine.core.models import Deed
from leads.domain.intake.receive import receive
from leads.models import Erasure, Lead, Source
from tests.factories.people import with_role
from tests.leads.people.conftest import MARKER, NOW, OTHER, lead, sent

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:leads_people")


@pytest.fixture
def held(source: Source) -> None:
    body = sent(lead(), lead("L-2", contact=OTHER))
    receive(source, body=body, content_type="application/json", received_at=NOW)
    receive(source, body=sent(lead("L-3", product={"sku": "GONE"})), content_type="application/json", received_at=NOW)


@pytest.fixture
def operations(client: Client) -> Client:
    client.force_login(with_role("Operations"))
    return client


def deeds(verb: str) -> list[Deed]:
    return list(Deed.objects.filter(verb=verb).order_by("pk"))


def words_of(page: bytes) -> str:
    return " ".join(page.decode().split())


@pytest.mark.parametrize(
    "asked", [{"email": "MARA.kerzinski+x@marker.example"}, {"phone": "+1 (415) 555-0123"}], ids=["email", "phone"]
)
def test_a_person_is_found_however_spelled_and_each_search_is_on_record(
    held: None, operations: Client, asked: dict[str, str]
) -> None:
    Lead.objects.filter(external_id="L-1").update(person_key="+14155550123" if "phone" in asked else MARKER["email"])

    page = words_of(operations.post(PAGE, asked).content)

    assert "What we hold" in page
    assert ("L-1" in page, "L-2" in page, "product_unknown" in page or "Lead at" in page) == (True, False, True)
    [deed] = deeds("person_looked_up")
    assert (deed.after["by"], deed.after["leads"]) == ([next(iter(asked))], 1)
    assert "marker.example" not in json.dumps(deed.after)


def test_a_name_leads_to_the_people_who_have_it(held: None, operations: Client) -> None:
    page = words_of(operations.post(PAGE, {"name": "kerzinski"}).content)

    assert "People with this name" in page
    assert 'value="mara.kerzinski@marker.example"' in page
    assert "Erase this person" not in page


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "Enter an email address"),
        ({"name": "Mo"}, "Enter an email address"),
        ({"email": "nobody@x.example"}, "Nothing is held"),
    ],
    ids=["nothing", "too-short", "nobody"],
)
def test_what_finds_nobody_says_so(held: None, operations: Client, asked: dict[str, str], told: str) -> None:
    assert told in words_of(operations.post(PAGE, asked).content)


def test_an_export_holds_what_is_held_and_nothing_of_others(held: None, operations: Client) -> None:
    data = operations.post(PAGE, {"email": MARKER["email"], "act": "json"})
    text = operations.post(PAGE, {"email": MARKER["email"], "act": "text"})

    found = json.loads(data.content)
    assert [each["email"] for each in found["leads"]] == [MARKER["email"]]
    assert [each["content"]["id"] for each in found["refused"]] == ["L-3"]
    assert [[item["id"] for item in each["items"]] for each in found["sent"]] == [["L-1"], ["L-3"]]
    assert OTHER["email"].encode() not in data.content + text.content
    assert b"Email: mara.kerzinski@marker.example" in text.content
    assert data["Content-Disposition"] == 'attachment; filename="held-data.json"'
    assert [deed.objects_touched[1:2] for deed in deeds("person_exported")] == [
        [f"leads.lead:{Lead.objects.get(external_id='L-1').pk}"]
    ] * 2


def test_an_erasure_is_confirmed_with_a_reason_that_names_nobody(held: None, operations: Client) -> None:
    asked = {"email": MARKER["email"], "act": "erase"}

    refused = [
        words_of(operations.post(PAGE, asked | {"reason": reason}).content)
        for reason in ("", "Mara Kerzinski wrote to us")
    ]

    assert ["Enter a reason" in refused[0], "don&#x27;t name the person" in refused[1]] == [True, True]
    assert not Erasure.objects.exists()
    done = operations.post(PAGE, asked | {"reason": "Request 17"})
    erasure = Erasure.objects.get()
    assert done["Location"] == reverse("admin:leads_erasure_change", args=[erasure.pk])
    page = words_of(operations.get(done["Location"]).content)
    assert "Erasing …" in page
    again = words_of(operations.post(PAGE, asked | {"reason": "Request 18"}).content)
    assert "This person is being erased already." in again


@pytest.mark.parametrize("role", ["Viewer", "Finance"])
def test_only_the_role_with_the_right_opens_the_page(held: None, client: Client, role: str) -> None:
    client.force_login(with_role(role))

    assert [client.get(PAGE).status_code, client.post(PAGE, {"email": MARKER["email"]}).status_code] == [403, 403]
    assert deeds("person_looked_up") == []
