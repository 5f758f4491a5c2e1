"""The same person and the same ID, however spelled."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.core.countries import country_code
from leads.domain.identity import email_key, person_difference, person_key, phone_key
from leads.domain.intake.receive import receive
from leads.models import Action, Lead, Product, Source
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory
from tests.factories.people import with_role

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "ann@studio.example",
        " Ann@Studio.Example ",
        "ANN+news@studio.example",
        "ann+a+b@studio.example",
        "ann@studio.example.",
        "\uff41nn@studio.example",
        "Ann <ann@studio.example>",
        '"Ann, A." <Ann+news@Studio.example>',
        "<ann@studio.example>",
        "ann\u200b@studio.example",
        "\ufeffann@stu\u200bdio.example\u2060",
    ],
)
def test_spellings_of_one_address_are_one_person(written: str):
    assert person_key(written) == "ann@studio.example"


def test_a_domain_is_the_same_in_its_own_letters_and_in_ascii():
    keys = {email_key(written) for written in ("eva@bücher.example", "eva@BÜCHER.example", "eva@xn--bcher-kva.example")}
    assert keys == {"eva@xn--bcher-kva.example"}


def test_domains_are_compared_by_idna_2008():
    assert email_key("eva@straße.example") == "eva@xn--strae-oqa.example" != email_key("eva@strasse.example")
    assert email_key("eva@no😀where.example") == "eva@no😀where.example"  # not a possible domain, but nothing fails


def test_dots_before_the_at_tell_people_apart():
    assert email_key("a.nn@studio.example") != email_key("ann@studio.example")


@pytest.mark.parametrize(
    "written", ["", " ", "@", "ann", "ann@", "@studio.example", "+news@studio.example", "ann@.", "Ann <>", "<@>"]
)
def test_an_invalid_address_identifies_no_one(written: str):
    assert email_key(written) == ""


@pytest.mark.parametrize(
    ("phone", "country"),
    [
        ("(212) 736-5000", "US"),
        ("212.736.5000", "us"),
        ("+1 212 736 5000", ""),
        ("+1 212 736 5000", "DE"),
        ("1-212-736-5000", "United States"),
        ("212 736 5000", "USA"),
    ],
)
def test_without_an_address_a_person_is_their_phone_number(phone: str, country: str):
    assert person_key("", phone=phone, country=country) == "+12127365000"


def test_the_country_of_the_source_is_taken_where_the_lead_names_none():
    assert person_key("", phone="030 901820", default_country="DE") == "+4930901820"
    assert person_key("", phone="030 901820", country="nowhere", default_country="DE") == "+4930901820"
    assert person_key("", phone="030 901820") == ""


def test_an_email_address_takes_precedence_over_a_phone_number():
    assert person_key("ann@studio.example", phone="+12127365000") == "ann@studio.example"


@pytest.mark.parametrize("phone", ["0000000000", "12345", "n/a", "+", "1" * 40, "\u0661\u0662"])
def test_an_invalid_phone_number_identifies_no_one(phone: str):
    assert phone_key(phone, "US") == ""


def test_two_extensions_of_one_switchboard_are_two_people():
    assert phone_key("212-736-5000 ext. 12", "US") == "+12127365000;ext=12"


@given(email=st.text(max_size=254), phone=st.text(max_size=40), country=st.text(max_size=80))
def test_the_person_key_always_fits_its_column(email: str, phone: str, country: str):
    key = person_key(email, phone=phone, country=country, default_country="US")
    assert len(key) <= 254
    assert person_key(key) in (key, "")  # the key of a key is itself


def test_countries_are_known_by_code_and_by_name():
    written = ("us", "DE", "Germany", "UK", "united kingdom", "Atlantis", "")
    assert [country_code(each) for each in written] == ["US", "DE", "DE", "GB", "GB", "", ""]


def test_a_person_known_by_phone_and_by_address_is_not_another_person():
    assert person_difference("ann@studio.example", "+12127365000") == ""
    assert person_difference("", "+12127365000") == ""
    assert person_difference("ann@studio.example", "bob@studio.example") == "email address"
    assert person_difference("+12127365001", "+12127365000") == "phone number"


def received(source: Source, contact: dict[str, str]) -> dict[str, Any]:
    body = json.dumps({"id": "L-1", "product": {"sku": "TILE-9"}, "contact": contact}).encode()
    receipt = receive(source, body=body, content_type="application/json", received_at=NOW)
    return dict(receipt.as_json()["results"][0])


@pytest.mark.django_db
def test_a_lead_with_a_phone_number_only_is_stored_as_that_person():
    ProductFactory.create(sku="TILE-9")
    source = SourceFactory.create(default_country="US")

    first = received(source, {"phone": "212 736-5000"})
    again = received(source, {"phone": "+1 212 736 5000", "email": "ann@studio.example"})
    other = received(source, {"phone": "212 736-5001"})

    assert Lead.objects.get().person_key == "+12127365000"
    assert (first["outcome"], again["outcome"]) == ("created", "duplicate")
    assert (other["code"], other["message"]) == (
        "lead_conflict",
        "A lead with this ID is already stored with a different phone number.",
    )


# --- Ids ---------------------------------------------------------------------------------------------------

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


def sent(source: Source, lead: dict[str, Any]) -> Any:
    return receive(source, body=json.dumps(lead).encode(), content_type="application/json", received_at=NOW).results[0]


@pytest.mark.django_db
def test_ids_are_the_same_however_their_letters_are_put_together():
    ActionTypeFactory.create(code="page_view")
    ProductFactory.create(sku=COMPOSED)
    source = SourceFactory.create()
    action = {"id": DECOMPOSED, "type": "page_view", "occurred_at": "2026-10-01T00:00:00Z"}

    first = sent(source, {"id": DECOMPOSED, "product": {"sku": DECOMPOSED}, "actions": [action]})
    again = sent(source, {"id": COMPOSED, "product": {"sku": COMPOSED}, "actions": [action | {"id": COMPOSED}]})

    assert (first.outcome, again.outcome, again.actions[0].outcome) == ("created", "duplicate", "duplicate")
    assert (Lead.objects.get().external_id, Action.objects.get().external_id) == (COMPOSED, COMPOSED)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("id_", "words"),
    [
        ("\u200b", "starts or ends with an invisible character"),
        ("L-1\u200b", "starts or ends with an invisible character"),
        ("\ufeffL-1", "starts or ends with an invisible character"),
        ("L-1\u00ad", "starts or ends with an invisible character"),
        ("L-1\u3164", "starts or ends with an invisible character"),
        ("L-1\nL-2", "contains a line break or another control character"),
        ("L-1\u2028L-2", "contains a line break or another control character"),
        ("L-1\x7fL-2", "contains a line break or another control character"),
    ],
)
def test_an_id_with_invisible_characters_is_refused(id_: str, words: str):
    ActionTypeFactory.create(code="page_view")
    ProductFactory.create(sku="TILE")
    source = SourceFactory.create()
    action = {"id": id_, "type": "page_view", "occurred_at": "2026-10-01T00:00:00Z"}

    faults = [
        sent(source, {"id": id_, "product": {"sku": "TILE"}}).fault,
        sent(source, {"id": "1", "product": {"sku": id_}}).fault,
        sent(source, {"id": "2", "product": {"sku": "TILE"}, "actions": [action]}).actions[0].fault,
        sent(source, {"id": "2", "actions": [{"id": id_, "void": {"reason": "x"}}]}).actions[0].fault,
    ]

    assert [(fault.code, fault.pointer) for fault in faults] == [
        ("member_invalid", "/id"),
        ("member_invalid", "/product/sku"),
        ("member_invalid", "/id"),
        ("member_invalid", "/id"),
    ]
    assert [fault.message for fault in faults] == [f"The {what} {words}." for what in ("ID", "SKU", "ID", "ID")]


@pytest.mark.django_db
def test_what_joins_letters_within_an_id_stays():
    family = "\U0001f469\u200d\U0001f467"
    ProductFactory.create(sku="TILE")

    assert sent(SourceFactory.create(), {"id": family, "product": {"sku": "TILE"}}).outcome == "created"


@pytest.mark.django_db
def test_a_sku_typed_in_the_admin_is_compared_as_ids_are(client: Client):
    client.force_login(with_role("Operations"))
    customer = CustomerFactory.create()
    typed = {"customer": customer.pk, "sku": f"{DECOMPOSED} ", "name": "Tile", "category": "", "list_price": ""}

    refused = client.post(reverse("admin:leads_product_add"), typed | {"sku": "TILE\u200b"})
    client.post(reverse("admin:leads_product_add"), typed)

    assert refused.context["adminform"].form.errors == {"sku": ["The SKU starts or ends with an invisible character."]}
    assert Product.objects.get().sku == COMPOSED
