"""OpenID Connect with a real provider on this machine: who is who, and which roles their groups give."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import LazySettings
from django.contrib.auth.models import Group, User
from django.http import HttpResponse
from django.test import Client
from django.utils.timezone import now
from oidc_provider_mock import run_server_in_thread

from billing_engine.accounts.domain.invitations import invite, link_token
from billing_engine.accounts.domain.roles import change_roles
from billing_engine.accounts.login.provider import Provider
from billing_engine.core.models import Deed
from billing_engine.engine_settings.login_settings import openid_connect_settings
from billing_engine.roles import ensure_roles
from tests.accounts.conftest import is_in, log_in

# The provider itself uses an older way of its own library.
pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:.*:DeprecationWarning:authlib")]

LOGIN = "/admin/account/provider/staff/?process=login"
GROUPS = {"billing-finance": "Finance", "billing-operations": "Operations"}
NADIA = {"email": "nadia@swatchyard.example", "email_verified": True, "groups": ["billing-finance", "all-staff"]}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def provider(issuer: str, settings: LazySettings) -> str:
    facts = {"issuer": issuer, "client_id": "engine", "secret": "-", "name": "Swatchyard ID"}
    settings.IDENTITY_PROVIDER = facts
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": openid_connect_settings(**facts)}
    settings.OIDC_ROLES = GROUPS
    ensure_roles()
    return issuer


def knows(issuer: str, sub: str, **claims: object) -> None:
    """The provider knows this person, with these claims."""
    assert requests.put(f"{issuer}/users/{sub}", json=claims, timeout=5).ok


def come(client: Client, sub: str, start: str = LOGIN) -> HttpResponse:
    """Go to the provider, log in there as `sub`, and come back."""
    away = unescape(re.findall(r'<a class="text-link" href="([^"]+)"', client.post(start).content.decode())[0])
    asked = parse_qs(urlsplit(away).query)
    assert asked["code_challenge_method"] == ["S256"]
    back = requests.post(away, data={"sub": sub}, timeout=5, allow_redirects=False).headers["Location"]
    return client.get(back.removeprefix("http://testserver"))


def connected(issuer: str, user: User, sub: str) -> None:
    """The person has connected the provider before."""
    client = Client()
    log_in(client, user.username)
    assert come(client, sub, LOGIN.replace("=login", "=connect"))["Location"] == "/admin/account/second-factor/"


def roles(user: User) -> list[str]:
    return sorted(user.groups.values_list("name", flat=True))


def deeds(verb: str) -> list[tuple[str, dict[str, object]]]:
    return list(Deed.objects.filter(verb=verb).order_by("pk").values_list("reason", "after"))


def test_a_person_connects_and_from_then_on_logs_in_with_the_provider(
    client: Client, frank: User, provider: str
) -> None:
    knows(provider, "sub-1", **NADIA)
    assert "Log in with Swatchyard ID" in client.get("/admin/login/").content.decode()
    connected(provider, frank, "sub-1")

    answer = come(client, "sub-1")

    assert (answer["Location"], is_in(client)) == ("/admin/", True)
    assert deeds("provider_connected") == [("", {})]
    assert deeds("logged_in") == [("", {"with": ["password"]}), ("", {"with": ["socialaccount"]})]


def test_no_person_is_matched_by_email_address(client: Client, frank: User, provider: str) -> None:
    knows(provider, "stranger", email=frank.email, email_verified=True, groups=["billing-finance"])

    answer = come(client, "stranger")

    assert "no account here uses this log-in" in answer.content.decode()
    assert (is_in(client), SocialAccount.objects.count(), User.objects.count()) == (False, 0, 1)
    assert deeds("login_failed") == [("", {"name": frank.email, "with": "identity provider"})]


def test_an_address_given_to_somebody_else_inherits_nothing(client: Client, frank: User, provider: str) -> None:
    knows(provider, "first", email=frank.email, email_verified=True)
    connected(provider, frank, "first")
    knows(provider, "second", email=frank.email, email_verified=True)

    come(client, "second")

    assert not is_in(client)


def accept_with(client: Client, boss: User, sub: str) -> HttpResponse:
    """Open an invitation for Nadia as a viewer, and continue with the provider."""
    viewer = [Group.objects.get(name="Viewer")]
    made = invite(email="nadia@swatchyard.example", name="Nadia New", roles=viewer, by=boss, at=now())
    page = client.get(f"/admin/account/invitation/?token={link_token(made)}").content.decode()
    assert "Continue with Swatchyard ID" in page
    return come(client, sub)


def test_an_invited_person_comes_by_the_provider_without_a_password(client: Client, boss: User, provider: str) -> None:
    knows(provider, "nadia", **NADIA)

    assert accept_with(client, boss, "nadia")["Location"] == "/admin/"

    nadia = User.objects.get(username="nadia@swatchyard.example")
    assert (is_in(client), nadia.has_usable_password(), roles(nadia)) == (True, False, ["Finance", "Viewer"])
    client.post("/admin/logout/")
    come(client, "nadia")
    assert is_in(client)


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "nadia@swatchyard.example"},
        {"email": "nadia@swatchyard.example", "email_verified": False},
        {"email": "nadia@swatchyard.example", "email_verified": "false"},
        {"email": "nadia@swatchyard.example", "email_verified": "true"},
        {"email": "mallory@swatchyard.example", "email_verified": True},
    ],
)
def test_an_invitation_is_accepted_only_by_its_verified_address(
    client: Client, boss: User, provider: str, claims: dict[str, object]
) -> None:
    knows(provider, "mallory", **claims)

    answer = accept_with(client, boss, "mallory")

    assert (answer.status_code, is_in(client)) == (403, False)
    assert "has not verified the email address that was invited" in answer.content.decode()
    assert User.objects.filter(username__startswith="nadia").count() == 0


def test_groups_give_roles_at_each_login_and_who_leaves_a_group_loses_its_role(
    client: Client, frank: User, boss: User, provider: str
) -> None:
    knows(provider, "sub-2", groups=["billing-operations"])
    connected(provider, frank, "sub-2")
    come(client, "sub-2")
    assert roles(frank) == ["Finance", "Operations"]  # Finance was given by hand before

    knows(provider, "sub-2", groups=[])
    come(client, "sub-2")
    assert roles(frank) == ["Finance"]

    knows(provider, "sub-2", groups=["billing-finance"])
    come(client, "sub-2")
    change_roles(frank, roles=[], is_superuser=False, by=boss, reason="The group decides")
    assert roles(frank) == ["Finance"]  # from the group
    knows(provider, "sub-2")
    come(client, "sub-2")
    assert roles(frank) == []
    assert [reason for reason, _ in deeds("roles_changed")] == [
        "Groups at the identity provider",
        "Groups at the identity provider",
        "The group decides",
        "Groups at the identity provider",
    ]


def test_who_comes_by_the_provider_confirms_there_and_the_roles_are_read_again(
    client: Client, boss: User, provider: str
) -> None:
    knows(provider, "nadia", **NADIA)
    accept_with(client, boss, "nadia")
    knows(provider, "nadia", **NADIA | {"groups": []})

    asked = client.get("/admin/account/confirm/?next=/admin/leads/company/")
    assert asked["Location"].startswith("/admin/account/provider/staff/?process=login&auth_params=prompt%3Dlogin")
    answer = come(client, "nadia", asked["Location"])

    assert answer["Location"] == "/admin/leads/company/"
    assert roles(User.objects.get(username="nadia@swatchyard.example")) == ["Viewer"]


def test_a_deactivated_person_does_not_come_in_by_the_provider(client: Client, frank: User, provider: str) -> None:
    knows(provider, "sub-3", **NADIA)
    connected(provider, frank, "sub-3")
    User.objects.filter(pk=frank.pk).update(is_active=False)

    assert come(client, "sub-3")["Location"] == "/admin/account/inactive/"

    assert not is_in(client)


def test_an_answer_that_was_not_asked_for_is_refused(client: Client, db: None, provider: str) -> None:
    answer = client.get("/admin/account/provider/staff/back/?code=1&state=forged")

    assert (answer.status_code, "Log-in failed" in answer.content.decode()) == (401, True)
    assert deeds("login_failed") == [("", {"name": "", "with": "identity provider"})]


@pytest.mark.parametrize(
    ("token", "userinfo"),
    [
        ({"iss": "https://other.example", "sub": "1"}, {"sub": "1"}),
        ({"iss": "https://id.example", "sub": "1"}, {"sub": "2"}),
        ({"iss": "https://id.example", "sub": "1"}, {"email": "a@b.example"}),
        ({}, {"sub": "1"}),
    ],
)
def test_another_issuer_or_another_subject_is_refused(token: dict[str, str], userinfo: dict[str, str]) -> None:
    with pytest.raises(OAuth2Error):
        uid_of(token, userinfo)


def test_a_person_is_issuer_and_subject_together() -> None:
    one = uid_of({"iss": "https://id.example", "sub": "1"}, {"sub": "1"})

    assert one == uid_of({"iss": "https://id.example", "sub": "1"}, {})
    assert one != uid_of({"iss": "https://id.example", "sub": "2"}, {})
    assert one != uid_of({"iss": "https://id2.example", "sub": "1"}, {}, issuer="https://id2.example")


def uid_of(token: dict[str, str], userinfo: dict[str, str], issuer: str = "https://id.example") -> str:
    app = type("App", (), {"name": "", "settings": {"server_url": issuer}})()
    return Provider(None, app=app).extract_uid({"id_token": token, "userinfo": userinfo})


def test_without_an_issuer_there_is_no_such_log_in(client: Client, db: None) -> None:
    assert "Log in with your" not in client.get("/admin/login/").content.decode()
    assert client.post(LOGIN).status_code == 404
