"""New staff come by invitation: a link that expires and works once, and that looking at does not use up."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks
from time_machine import travel

from billing_engine.accounts.models import Invitation
from billing_engine.core.models import Deed
from billing_engine.roles import ensure_roles
from tests.accounts.conftest import is_in, log_in
from tests.factories.people import with_role

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 11, 3, 8, tzinfo=UTC)
NEW = "a new long password"
PASSWORDS = {"password": NEW, "again": NEW}


@pytest.fixture
def admin_client(boss: User) -> Client:
    ensure_roles()
    client = Client()
    with travel(MORNING, tick=False):
        client.force_login(boss)
    return client


def invite(client: Client, commits: DjangoCaptureOnCommitCallbacks, email: str = "nadia@swatchyard.example") -> str:
    """Send an invitation with the role Finance; return the path of the link in the email."""
    roles = [Group.objects.get(name="Finance").pk]
    with commits(execute=True):
        answer = client.post(
            reverse("admin:accounts_invitation_add"), {"email": email, "name": "Nadia New", "roles": roles}
        )
    assert answer.status_code == 302, answer.content.decode()
    return link()


def link() -> str:
    """The path of the link in the last email."""
    return re.findall(r"http://testserver(/\S+)", mail.outbox[-1].body)[0]


def verbs() -> list[str]:
    return list(Deed.objects.order_by("pk").values_list("verb", flat=True))


def test_the_invited_person_sets_a_password_and_is_in_with_the_roles(
    admin_client: Client, client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with travel(MORNING, tick=False):
        path = invite(admin_client, django_capture_on_commit_callbacks)
        assert mail.outbox[-1].to == ["nadia@swatchyard.example"]
        page = client.get(path).content.decode()
        assert "Set password and log in" in page
        answer = client.post(path, PASSWORDS)

        assert (answer.status_code, answer["Location"], is_in(client)) == (302, "/admin/", True)

    nadia = User.objects.get(username="nadia@swatchyard.example")
    assert (nadia.get_full_name(), nadia.is_staff, nadia.is_superuser) == ("Nadia New", True, False)
    assert [role.name for role in nadia.groups.all()] == ["Finance"]
    assert verbs() == ["person_invited", "invitation_accepted", "logged_in"]


def test_looking_at_the_link_uses_nothing_up_and_it_works_once(
    admin_client: Client, client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with travel(MORNING, tick=False):
        path = invite(admin_client, django_capture_on_commit_callbacks)
        for _ in range(3):  # an email scanner, a preview, another scanner
            assert Client().get(path).status_code == 200
            assert Client().head(path).status_code == 200
        assert client.post(path, PASSWORDS).status_code == 302

        again = Client().post(path, PASSWORDS)

    assert (again.status_code, "This invitation is over" in again.content.decode()) == (410, True)
    assert User.objects.filter(username__startswith="nadia").count() == 1


def test_the_link_expires(
    admin_client: Client, client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with travel(MORNING, tick=False) as clock:
        path = invite(admin_client, django_capture_on_commit_callbacks)
        clock.shift(timedelta(days=7))

        assert (client.get(path).status_code, client.post(path, PASSWORDS).status_code) == (410, 410)

    assert not User.objects.filter(username__startswith="nadia").exists()


def test_sending_again_makes_a_new_link_and_withdrawing_ends_it(
    admin_client: Client, client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with travel(MORNING, tick=False) as clock:
        first = invite(admin_client, django_capture_on_commit_callbacks)
        invitation = Invitation.objects.get()
        clock.shift(timedelta(minutes=1))
        admin_client.post(reverse("admin:accounts_invitation_send_again", args=[invitation.pk]), {})
        second = link()
        assert (client.get(first).status_code, client.get(second).status_code) == (410, 200)

        withdraw = reverse("admin:accounts_invitation_withdraw", args=[invitation.pk])
        admin_client.post(withdraw, {"reason": "Hired elsewhere"})

        assert client.get(second).status_code == 410
    assert verbs() == ["person_invited", "invitation_resent", "invitation_withdrawn"]


def test_a_forged_link_opens_nothing(client: Client, db: None) -> None:
    assert client.get("/admin/account/invitation/?token=WzEsMV0:forged").status_code == 410


def test_nobody_is_invited_twice_nor_invited_who_is_there(
    admin_client: Client, boss: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with travel(MORNING, tick=False):
        invite(admin_client, django_capture_on_commit_callbacks)
        for email in ("Nadia@Swatchyard.example", boss.email):
            answer = admin_client.post(
                reverse("admin:accounts_invitation_add"), {"email": email, "name": "Another", "roles": []}
            )
            words = "A person or an open invitation with this email address already exists."
            assert (answer.status_code, words in answer.content.decode()) == (200, True)

    assert Invitation.objects.count() == 1


def test_a_weak_password_is_refused_and_the_link_still_works(
    admin_client: Client, client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with travel(MORNING, tick=False):
        path = invite(admin_client, django_capture_on_commit_callbacks)

        assert client.post(path, {"password": "short", "again": "short"}).status_code == 200
        assert client.post(path, {"password": NEW, "again": "another one"}).status_code == 200
        assert not User.objects.filter(username__startswith="nadia").exists()
        assert client.post(path, PASSWORDS).status_code == 302
        assert log_in(Client(), "nadia@swatchyard.example", NEW).status_code == 302


@pytest.mark.parametrize("role", ["Finance", "Operations", "Viewer"])
def test_only_superusers_invite(client: Client, role: str) -> None:
    client.force_login(with_role(role))

    assert client.get(reverse("admin:accounts_invitation_add")).status_code == 403
    assert client.get(reverse("admin:accounts_invitation_changelist")).status_code == 403
