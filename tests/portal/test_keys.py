"""API keys of a customer: made by an administrator or by us, shown once, on record, expired and revoked."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from billing_engine.core.models import Deed
from leads.domain.credentials.lifetime import ExpiryInPast, KeyIsRevoked
from leads.domain.memberships import keys
from leads.domain.memberships.keys import (
    CustomerKeyHasFaults,
    TooManyKeys,
    create_customer_key,
    keys_of,
    revoke_customer_key,
    usable_customer_key,
)
from leads.domain.memberships.portal import portal_of
from leads.domain.memberships.public_ids import public_id
from leads.models import Customer, CustomerKey, MemberRole
from tests.factories.leads import CustomerKeyFactory
from tests.factories.people import superuser
from tests.portal.made import a_person, home, logged_in

pytestmark = pytest.mark.django_db
ASKED = {"name": "Warehouse", "contact": "ap@northlight.example", "may_dispute": False, "expires_at": None}


def test_an_administrator_makes_a_key_that_is_shown_once_and_revokes_it(northlight: Customer) -> None:
    client = logged_in(a_person(northlight, role=MemberRole.ADMINISTRATOR))

    made = client.post(f"{home(northlight)}settings/keys/new/", {"name": "Warehouse", "last_day": "2026-12-31"})

    [plaintext] = re.findall(r"lbc_[0-9a-f]{8}_[\w-]{43}", made.content.decode())
    [key] = keys_of(northlight)
    assert (key.name, key.scopes, key.contact) == ("Warehouse", ["read"], "imo@northlight.example")
    assert key.expires_at == datetime(2027, 1, 1, 6, tzinfo=UTC)  # midnight in Chicago
    assert plaintext not in client.get(f"{home(northlight)}settings/keys/").content.decode()
    found = usable_customer_key(plaintext, at=now(), address="192.0.2.14")
    assert found == key
    listed = client.get(f"{home(northlight)}settings/keys/").content.decode()
    assert "from 192.0.2.14" in listed
    assert "valid until Jan 1, 00:00" in listed

    address = f"{home(northlight)}settings/keys/{public_id(portal_of(northlight), key)}/"
    assert client.post(address).status_code == 302
    assert usable_customer_key(plaintext, at=now(), address=None) is None
    assert client.post(address).status_code == 400  # once
    deeds = Deed.objects.filter(verb__startswith="customer_key").order_by("pk").values_list("verb", "actor_name")
    assert list(deeds) == [("customer_key_created", "Imo Farrowgate"), ("customer_key_revoked", "Imo Farrowgate")]


@pytest.mark.parametrize("role", [MemberRole.VIEWER, MemberRole.BILLING])
def test_others_of_the_portal_see_keys_and_make_none(northlight: Customer, role: MemberRole) -> None:
    key = CustomerKeyFactory.create(customer=northlight)
    client = logged_in(a_person(northlight, role=role))

    said = client.get(f"{home(northlight)}settings/keys/").content.decode()

    assert (key.shown in said, "Revoke" in said, "New key" in said) == (True, False, False)
    for address in ("new", public_id(portal_of(northlight), key)):
        answer = client.post(f"{home(northlight)}settings/keys/{address}/", {"name": "Mine"})
        assert answer.status_code == 404
    assert CustomerKey.objects.filter(revoked_at=None).count() == 1


def test_staff_make_and_revoke_a_key_on_the_customers_page(client: Client, northlight: Customer) -> None:
    client.force_login(superuser())
    asked = {"name": "ERP", "contact": "ap@northlight.example", "may_dispute": "on"}

    made = client.post(reverse("admin:leads_customer_new_api_key", args=[northlight.pk]), asked)

    plaintext = made.context["plaintext"]
    key = usable_customer_key(plaintext, at=now(), address=None)
    assert key is not None
    assert key.scopes == ["read", "disputes"]
    page = client.get(reverse("admin:leads_customer_change", args=[northlight.pk])).content.decode()
    assert (key.shown in page, plaintext in page) == (True, False)
    client.post(reverse("admin:leads_customerkey_revoke", args=[key.pk]))
    assert usable_customer_key(plaintext, at=now(), address=None) is None


def test_a_key_opens_only_as_a_whole_and_until_its_end(northlight: Customer) -> None:
    end = now() + timedelta(hours=1)
    key, plaintext = create_customer_key(northlight, **ASKED | {"expires_at": end}, by=superuser(), at=now())

    assert usable_customer_key(plaintext, at=now(), address=None) == key
    assert usable_customer_key(plaintext, at=end, address=None) is None
    for wrong in (
        "",
        "lbc_",
        f"lbc_{key.prefix}_",
        plaintext[:-1],
        f"x{plaintext}",
        f"lbe{plaintext[3:]}",
        f"{plaintext}\0",
    ):
        assert usable_customer_key(wrong, at=now(), address=None) is None


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"name": " "}, CustomerKeyHasFaults),
        ({"name": "n" * 61}, CustomerKeyHasFaults),
        ({"contact": "nobody"}, CustomerKeyHasFaults),
        ({"expires_at": datetime(2026, 11, 1, tzinfo=UTC)}, ExpiryInPast),
    ],
)
def test_what_is_incomplete_makes_no_key(
    northlight: Customer, asked: dict[str, object], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        create_customer_key(northlight, **{**ASKED, **asked}, by=superuser(), at=now())  # type: ignore[arg-type]  # of many kinds
    assert (CustomerKey.objects.count(), Deed.objects.filter(verb="customer_key_created").count()) == (0, 0)


def test_a_customer_has_at_most_so_many_valid_keys(northlight: Customer) -> None:
    some = CustomerKeyFactory.create_batch(keys.MOST_KEYS, customer=northlight)

    with pytest.raises(TooManyKeys):
        create_customer_key(northlight, **ASKED, by=superuser(), at=now())
    revoke_customer_key(some[0], by=superuser(), at=now())
    create_customer_key(northlight, **ASKED, by=superuser(), at=now())
    with pytest.raises(KeyIsRevoked):
        revoke_customer_key(some[0], by=superuser(), at=now())


def test_the_database_knows_what_a_key_may(northlight: Customer) -> None:
    for scopes in ([], ["disputes"], ["read", "write"]):
        with pytest.raises((IntegrityError, ValidationError)), transaction.atomic():
            CustomerKeyFactory.create(customer=northlight, scopes=scopes)
