"""Attacks on the portal: by strangers, by people who were taken out, and by names and addresses of other doors."""

from typing import Any
from urllib.parse import unquote

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from billing_engine.accounts.domain.invitations import invite as invite_staff
from billing_engine.accounts.domain.invitations import link_token as staff_token
from billing_engine.core.models import Deed
from leads.domain.memberships.invitations import invite, link_token
from leads.domain.memberships.keys import create_customer_key
from leads.domain.memberships.members import NotAMember, change_role, remove
from leads.domain.memberships.portal import show_contacts
from leads.models import Customer, Lead, MemberInvitation, MemberRole, Membership
from tests.factories.leads import LeadFactory
from tests.factories.people import superuser
from tests.portal.made import LOGIN, PASSWORD, a_person, home, link_in_the_mail, logged_in
from tests.portal.rows import rows_of
from tests.portal.test_isolation import addresses, ids_in

pytestmark = pytest.mark.django_db
TWICE = {"password": PASSWORD, "again": PASSWORD}
NEW = "perrin@northlight.example"
ADMINISTRATOR = MemberRole.ADMINISTRATOR


def link_to(customer: Customer, by: User, email: str = NEW) -> str:
    made = invite(customer, email=email, name="Perrin Oldacre", role=ADMINISTRATOR, by=by, at=now())
    return f"/portal/invitation/?token={link_token(made)}"


def test_a_stranger_who_asks_for_a_new_link_does_not_stop_the_one_that_works(northlight: Customer) -> None:
    link = link_to(northlight, superuser())

    Client().post("/portal/invitation/?token=dead", {"email": NEW})

    assert unquote(link_in_the_mail()) == link
    assert Client().post(link, TWICE).status_code == 302


def test_strangers_from_many_addresses_fill_no_mailbox(northlight: Customer, settings: LazySettings) -> None:
    link_to(northlight, superuser())

    for number in range(12):
        client = Client(REMOTE_ADDR=f"198.51.{number}.7")
        assert client.post("/portal/invitation/?token=dead", {"email": NEW.upper()}).status_code == 200

    assert len(mail.outbox) == 5


@pytest.mark.parametrize("act", ["removed", "demoted"])
def test_who_was_administrator_does_not_come_in_again_by_an_invitation_of_their_own(
    northlight: Customer, act: str
) -> None:
    boss, eve = (
        a_person(northlight, role=ADMINISTRATOR, email=f"{name}@northlight.example") for name in ("boss", "eve")
    )
    link = link_to(northlight, eve, "eve@private.example")
    theirs = link_to(northlight, boss)
    place = Membership.objects.get(person=eve.pk)

    if act == "removed":
        remove(place, by=boss, at=now())
    else:
        change_role(place, role=MemberRole.VIEWER, by=boss, at=now())

    assert Client().post(link, TWICE).status_code == 410
    assert not User.objects.filter(email="eve@private.example").exists()
    assert Deed.objects.latest("pk").before["invitations"] == ["eve@private.example"]
    assert Client().post(theirs, TWICE).status_code == 302


def test_who_was_taken_out_a_moment_ago_is_no_error_of_the_program(northlight: Customer) -> None:
    boss = a_person(northlight, role=ADMINISTRATOR)
    place = Membership.objects.get(pk=Membership.objects.get(person=a_person(northlight, email=NEW).pk).pk)
    remove(place, by=boss, at=now())
    gone = Membership(pk=place.pk or 1_000_000, customer=northlight, role=MemberRole.VIEWER)

    with pytest.raises(NotAMember):
        remove(gone, by=boss, at=now())
    with pytest.raises(NotAMember):
        change_role(gone, role=ADMINISTRATOR, by=boss, at=now())


def test_an_address_invited_by_both_sides_becomes_one_person(northlight: Customer) -> None:
    boss = superuser()
    made = invite_staff(email=NEW.upper(), name="Perrin", roles=[], by=boss, at=now())
    Client().post(link_to(northlight, boss), TWICE)

    answer = Client().post(f"{reverse('account_invitation')}?token={staff_token(made)}", TWICE)

    assert answer.status_code == 410
    assert list(User.objects.filter(email__iexact=NEW).values_list("is_staff", flat=True)) == [False]


@pytest.mark.parametrize("host", ["BILLING.example.com", "billing.example.com:443", "billing.example.com."])
def test_the_portals_host_written_otherwise_opens_no_other_door(host: str, settings: LazySettings) -> None:
    settings.PORTAL_HOST, settings.ALLOWED_HOSTS = "billing.example.com", ["billing.example.com", "testserver"]
    there: dict[str, Any] = {"HTTP_HOST": host}

    assert [Client().get(path, **there).status_code for path in ("/admin/login/", LOGIN)] == [404, 200]


def test_no_address_of_a_customer_takes_a_form_of_another_site(northlight: Customer) -> None:
    ids = ids_in(northlight, rows_of(northlight))
    client = logged_in(a_person(northlight, role=ADMINISTRATOR))
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    before = (MemberInvitation.objects.count(), Membership.objects.count())

    found = {route: strict.post(home(northlight) + route, {"act": "remove"}).status_code for route in addresses(ids)}

    assert strict.get(home(northlight)).status_code == 200
    assert set(found.values()) == {403}
    assert (MemberInvitation.objects.count(), Membership.objects.count()) == before


@pytest.mark.parametrize("address", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:a()"])
def test_the_log_in_leads_to_no_other_site(northlight: Customer, address: str) -> None:
    imo = a_person(northlight)

    answer = Client().post(LOGIN, {"login": imo.username, "password": PASSWORD, "next": address})

    assert answer.headers["Location"] == "/portal/"


def everything_said(client: Client, customer: Customer, **asked: str) -> dict[str, str]:
    """What each page and file says, by its address."""
    ids = ids_in(customer, rows_of(customer))
    said = {}
    for route in [*addresses(ids), "activity/?show=rows", "invoices/?state=credit-notes"]:
        answer: Any = client.get(home(customer) + route, {"charge": ids["charge"], **asked} if "?" not in route else {})
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        said[route] = content.decode(errors="replace")
    return said


def test_where_addresses_are_masked_no_lead_is_found_by_one_or_shown_with_one_as_its_id(
    northlight: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LeadFactory.external_id, "function", lambda number: f"maren{number}@studio-arden.example")
    client = logged_in(a_person(northlight, role=ADMINISTRATOR))

    said = everything_said(client, northlight)

    assert [route for route, words in said.items() if "maren" in words] == []
    assert sum("m•••@studio-arden.example" in words for words in said.values()) >= 5
    lead = Lead.objects.earliest("pk")
    days = {"first": "2026-10-01", "last": "2026-10-31"}
    asked = {each: {"lead": each, **days} for each in (lead.email, lead.external_id)}
    found = {each: client.get(f"{home(northlight)}activity/", asked[each]).context["lines"] for each in asked}
    assert list(found.values()) == [[], []]
    show_contacts(northlight, shown=True, by=superuser(), reason="Agreed")
    found = {each: client.get(f"{home(northlight)}activity/", asked[each]).context["lines"] for each in asked}
    assert all(found.values())


def test_the_file_of_charges_names_no_staff_and_none_of_our_numbers(northlight: Customer) -> None:
    ids = ids_in(northlight, rows_of(northlight))
    answer: Any = logged_in(a_person(northlight)).get(f"{home(northlight)}invoices/{ids['invoice']}/charges.csv")

    header = b"".join(answer.streaming_content).decode().splitlines()[0].split(",")

    assert {"Corrected", "Rule", "Rule revision", "Action number"} & set(header) == set()
    assert {"Action", "Lead", "Amount"} <= set(header)


def test_an_administrator_sends_no_words_of_their_own_in_our_name_and_not_many_emails(northlight: Customer) -> None:
    client = logged_in(a_person(northlight, role=ADMINISTRATOR))

    for number in range(12):
        asked = {"name": f"Bo\r\n\nPay to DE00\n{number}", "email": f"bo{number}@x.example", "role": "viewer"}
        client.post(f"{home(northlight)}settings/invite/", asked)

    assert len(mail.outbox) == MemberInvitation.objects.count() == 10
    assert str(mail.outbox[0].body).startswith("Hello Bo Pay to DE00 0,\n")
    again = ids_in(northlight, {"invitation": MemberInvitation.objects.earliest("pk")})["invitation"]
    assert client.post(f"{home(northlight)}settings/invitations/{again}/").status_code == 400
    assert len(mail.outbox) == 10


def test_odd_keys_and_numbers_at_the_log_in_are_no_error_of_the_program(northlight: Customer) -> None:
    for key in ("a/b-c", "../-x", "%2f-x", "é-x", "-", ""):
        assert Client().get(f"{LOGIN}password/link/", {"key": key}).status_code == 302
        assert Client().get(reverse("account_password_link"), {"key": key}).status_code == 302
    client = logged_in(a_person(northlight))
    for number in ("9" * 30, "9" * 5_000, "٣", "²", "-1", "0"):
        assert client.post(f"{LOGIN}sessions/", {"session": number}).status_code in (200, 404)


def test_what_is_no_passkey_is_refused(northlight: Customer) -> None:
    odd = ("[" * 200_000, "[]", "{}", '"x"', "5", "null", '{"id": 5}', '{"id": "x", "rawId": "x", "response": {}}')
    for path in (f"{LOGIN}second-factor/passkeys/log-in/", reverse("mfa_login_webauthn")):
        client = Client(raise_request_exception=False)
        client.get(path)
        found = [client.post(path, {"credential": each}).status_code for each in odd]
        assert [each for each in found if each >= 500] == [], found


def test_who_takes_a_person_out_hears_of_the_api_keys_that_the_person_still_knows(northlight: Customer) -> None:
    boss = a_person(northlight, role=ADMINISTRATOR)
    eve = a_person(northlight, role=ADMINISTRATOR, email="eve@northlight.example")
    for name, by in (("Warehouse", eve), ("Ledger", boss)):
        create_customer_key(northlight, name=name, contact=by.email, may_dispute=True, expires_at=None, by=by, at=now())
    place = ids_in(northlight, {"member": Membership.objects.get(person=eve.pk)})["member"]

    answer = logged_in(boss).post(f"{home(northlight)}settings/people/{place}/", {"act": "remove"}, follow=True)

    assert "They made Warehouse, valid until then." in answer.content.decode()
