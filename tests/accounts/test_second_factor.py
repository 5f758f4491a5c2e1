"""Second factors: authenticator app and recovery codes, and roles that need one. Passkeys: tests/e2e/test_passkeys.py."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from billing_engine.core.models import Deed
from tests.accounts.conftest import is_in, log_in
from tests.factories.people import with_role

pytestmark = pytest.mark.django_db

PAGE = "/admin/account/second-factor/"


def code(secret: str, *, step: int = 0) -> str:
    """What the app shows now, or some steps of 30 seconds later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def add_app(client: Client) -> str:
    """Add an authenticator app; return its key."""
    page = client.get(f"{PAGE}app/add/").content.decode()
    secret = re.findall(r'<code class="break-all">(\w+)</code>', page)[0]
    answer = client.post(f"{PAGE}app/add/", {"code": code(secret)})
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}codes/")
    return secret


def verbs() -> list[str]:
    return list(Deed.objects.order_by("pk").values_list("verb", flat=True))


def test_an_app_is_added_and_asked_for_at_the_next_login(client: Client, frank: User) -> None:
    log_in(client, frank.username)
    secret = add_app(client)
    codes = re.findall(r"\b\d{8}\b", client.get(f"{PAGE}codes/").content.decode().partition("<pre")[2])
    assert len(codes) == 10
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored

    other = Client()
    answer = log_in(other, frank.username)
    assert (answer["Location"], is_in(other)) == (f"{PAGE}enter/", False)
    assert "This code is wrong" in other.post(f"{PAGE}enter/", {"code": "000000"}).content.decode()
    assert other.post(f"{PAGE}enter/", {"code": code(secret, step=1)})["Location"] == "/admin/"
    assert is_in(other)

    lost_phone = Client()
    log_in(lost_phone, frank.username)
    assert lost_phone.post(f"{PAGE}enter/", {"code": codes[0]}).status_code == 302
    assert is_in(lost_phone)
    again = Client()
    log_in(again, frank.username)
    assert again.post(f"{PAGE}enter/", {"code": codes[0]}).status_code == 200  # each works once
    assert verbs() == [
        *("logged_in", "second_factor_added", "login_failed", "logged_in", "logged_in", "login_failed"),
    ]


def test_a_factor_is_removed_by_its_person_who_needs_none(client: Client, frank: User) -> None:
    log_in(client, frank.username)
    add_app(client)

    assert client.post(f"{PAGE}app/remove/").status_code == 302

    assert Authenticator.objects.count() == 0
    assert verbs() == ["logged_in", "second_factor_added", "second_factor_removed"]


def test_a_role_that_needs_a_factor_opens_nothing_without_one(
    client: Client, frank: User, settings: LazySettings
) -> None:
    settings.MFA_REQUIRED_ROLES = ["Finance"]
    log_in(client, frank.username)

    for address in ("/admin/", "/admin/invoices/invoice/", "/admin/search/?s=x", "/api/v1/invoices"):
        answer = client.get(address)
        assert (answer.status_code, answer["Location"]) == (302, PAGE), address
    page = client.get(PAGE).content.decode()
    assert "Your role needs a second factor." in page
    for address in ("/admin/account/sessions/", f"{PAGE}app/add/", f"{PAGE}passkeys/add/"):
        assert client.get(address).status_code == 200, address

    add_app(client)

    assert is_in(client)
    assert "Your role needs a second factor." not in client.get(PAGE).content.decode()


def test_a_required_factor_is_replaced_and_not_removed(client: Client, frank: User, settings: LazySettings) -> None:
    settings.MFA_REQUIRED_ROLES = ["Finance"]
    log_in(client, frank.username)
    add_app(client)

    answer = client.post(f"{PAGE}app/remove/")

    assert "Add another one before you remove this one." in answer.content.decode()
    assert Authenticator.objects.filter(type="totp").count() == 1


def test_other_roles_need_none_and_superusers_only_if_they_are_named(
    client: Client, boss: User, settings: LazySettings
) -> None:
    settings.MFA_REQUIRED_ROLES = ["Finance"]
    client.force_login(with_role("Viewer"))
    assert is_in(client)
    client.force_login(boss)
    assert is_in(client)

    settings.MFA_REQUIRED_ROLES = ["Superuser"]

    assert client.get("/admin/")["Location"] == PAGE


def test_a_role_given_later_needs_its_factor_from_the_next_request(
    client: Client, frank: User, boss: User, settings: LazySettings
) -> None:
    settings.MFA_REQUIRED_ROLES = ["Operations"]
    client.force_login(frank)
    assert is_in(client)
    operations = with_role("Operations").groups.get()
    chief = Client()
    chief.force_login(boss)

    chief.post(reverse("admin:auth_user_change_roles", args=[frank.pk]), {"roles": [operations.pk], "reason": "Moved"})

    assert client.get("/admin/")["Location"] == PAGE
