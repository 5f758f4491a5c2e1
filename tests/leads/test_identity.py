"""Who is the same person, whatever the spelling."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.core.countries import country_code
from leads.domain.identity import email_key, known_as, person_key, phone_key
from leads.domain.intake import receive
from leads.models import Lead, Source
from tests.factories.leads import ProductFactory, SourceFactory

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
    ],
)
def test_spellings_of_one_address_are_one_person(written: str):
    assert person_key(written) == "ann@studio.example"


def test_a_domain_is_the_same_in_its_own_letters_and_in_ascii():
    keys = {email_key(written) for written in ("eva@bücher.example", "eva@BÜCHER.example", "eva@xn--bcher-kva.example")}
    assert keys == {"eva@xn--bcher-kva.example"}


def test_dots_before_the_at_tell_people_apart():
    assert email_key("a.nn@studio.example") != email_key("ann@studio.example")


@pytest.mark.parametrize("written", ["", " ", "@", "ann", "ann@", "@studio.example", "+news@studio.example", "ann@."])
def test_what_is_no_address_is_nobody(written: str):
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


def test_an_address_goes_before_a_number():
    assert person_key("ann@studio.example", phone="+12127365000") == "ann@studio.example"


@pytest.mark.parametrize("phone", ["0000000000", "12345", "n/a", "+", "1" * 40, "\u0661\u0662"])
def test_a_number_that_cannot_be_one_makes_nobody_the_same(phone: str):
    assert phone_key(phone, "US") == ""


def test_two_extensions_of_one_switchboard_are_two_people():
    assert phone_key("212-736-5000 ext. 12", "US") == "+12127365000;ext=12"


@given(email=st.text(max_size=254), phone=st.text(max_size=40), country=st.text(max_size=80))
def test_whatever_is_written_the_key_fits_its_column(email: str, phone: str, country: str):
    key = person_key(email, phone=phone, country=country, default_country="US")
    assert len(key) <= 254
    assert person_key(key) in (key, "")  # a key of an address is its own


def test_countries_are_known_by_code_and_by_name():
    written = ("us", "DE", "Germany", "UK", "united kingdom", "Atlantis", "")
    assert [country_code(each) for each in written] == ["US", "DE", "DE", "GB", "GB", "", ""]


def test_a_person_known_once_by_phone_and_once_by_address_is_no_other():
    assert known_as("ann@studio.example", "+12127365000") == ""
    assert known_as("", "+12127365000") == ""
    assert known_as("ann@studio.example", "bob@studio.example") == "e-mail address"
    assert known_as("+12127365001", "+12127365000") == "phone number"


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
        "A lead with this id is stored with another phone number.",
    )
