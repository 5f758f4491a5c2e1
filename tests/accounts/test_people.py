"""People and roles: no one gives themselves a role, deactivating ends sessions, lost factors are reset by two."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from billing_engine.accounts.domain.factor_reset import (
    NothingToReset,
    OwnFactor,
    SecondAdministratorNeeded,
    approve_reset,
    ask_for_reset,
)
from billing_engine.accounts.domain.people import OwnAccount, deactivate
from billing_engine.accounts.domain.roles import LastSuperuser, OwnRoles, change_roles
from billing_engine.accounts.models import FactorReset
from billing_engine.core.models import Deed
from billing_engine.roles import ensure_roles
from tests.accounts.conftest import is_in, log_in, with_password
from tests.factories.people import superuser, with_second_factor

pytestmark = pytest.mark.django_db


def press(client: Client, user: User, name: str, **answers: object) -> int:
    """Press a button of the person's page."""
    return client.post(reverse(f"admin:auth_user_{name}", args=[user.pk]), answers).status_code


def the_deed() -> tuple[str, str, str, dict[str, object], dict[str, object]]:
    deed = Deed.objects.get()
    return deed.verb, deed.actor_name, deed.reason, deed.before, deed.after


def test_roles_change_with_a_reason_at_once_and_on_record(client: Client, frank: User, boss: User) -> None:
    client.force_login(boss)
    operations = Group.objects.get(name="Operations")

    assert press(client, frank, "change_roles", roles=[operations.pk], reason="Moved") == 302

    assert [role.name for role in frank.groups.all()] == ["Operations"]
    assert the_deed() == (
        "roles_changed",
        boss.username,
        "Moved",
        {"roles": ["Finance"]},
        {"roles": ["Operations"]},
    )


def test_nobody_changes_their_own_roles(client: Client, boss: User) -> None:
    client.force_login(boss)
    ensure_roles()

    with pytest.raises(OwnRoles):
        change_roles(boss, roles=Group.objects.all(), is_superuser=True, by=boss, reason="Me")
    press(client, boss, "change_roles", roles=[Group.objects.get(name="Finance").pk], is_superuser="on", reason="Me")

    assert (boss.groups.count(), Deed.objects.count()) == (0, 0)


def test_the_last_superuser_stays_one(frank: User, boss: User) -> None:
    with pytest.raises(LastSuperuser):
        change_roles(boss, roles=[], is_superuser=False, by=frank, reason="Coup")
    with pytest.raises(LastSuperuser):
        deactivate(boss, by=frank, reason="Coup")

    boss.refresh_from_db()
    assert (boss.is_superuser, boss.is_active, Deed.objects.count()) == (True, True, 0)


def test_superusers_are_seen_as_such(client: Client, frank: User, boss: User) -> None:
    client.force_login(boss)
    people = client.get(reverse("admin:auth_user_changelist")).content.decode()

    assert people.count(">Superuser</span>") == 1


def test_deactivating_ends_the_sessions_at_once(client: Client, frank: User, boss: User) -> None:
    theirs = Client()
    log_in(theirs, frank.username)
    client.force_login(boss)
    Deed.objects.all()

    assert press(client, frank, "deactivate", reason="Left") == 302

    assert not is_in(theirs)
    assert log_in(Client(), frank.username)["Location"] == "/admin/account/inactive/"
    assert list(Deed.objects.filter(verb="person_deactivated").values_list("reason", "before")) == [
        ("Left", {"sessions": 1})
    ]
    assert press(client, frank, "activate", reason="Back") == 302
    assert log_in(Client(), frank.username)["Location"] == "/admin/"


def test_nobody_deactivates_themselves(boss: User) -> None:
    superuser()

    with pytest.raises(OwnAccount):
        deactivate(boss, by=boss, reason="Tired")

    assert Deed.objects.count() == 0


def test_a_superuser_ends_all_sessions_of_a_person(client: Client, frank: User, boss: User) -> None:
    first, second = Client(), Client()
    log_in(first, frank.username)
    log_in(second, frank.username)
    client.force_login(boss)

    assert press(client, frank, "end_sessions") == 302

    assert (is_in(first), is_in(second), is_in(client)) == (False, False, True)
    assert Deed.objects.filter(verb="sessions_ended").count() == 1


def test_a_lost_factor_is_reset_by_two_people_and_the_sessions_end(client: Client, frank: User, boss: User) -> None:
    with_second_factor(frank)
    other = superuser()
    client.force_login(boss)
    assert press(client, frank, "reset_factor", reason="Lost the phone") == 302
    assert press(client, frank, "approve_reset") == 200  # refused: the same person
    assert Authenticator.objects.filter(user=frank).count() == 1

    client.force_login(other)
    assert press(client, frank, "approve_reset") == 302

    assert Authenticator.objects.filter(user=frank).count() == 0
    assert list(Deed.objects.order_by("pk").values_list("verb", "actor_name", "reason")) == [
        ("factor_reset_requested", boss.username, "Lost the phone"),
        ("second_factor_reset", other.username, "Lost the phone"),
    ]


def test_a_reset_needs_two_others_and_the_database_says_so_too(frank: User, boss: User) -> None:
    with pytest.raises(NothingToReset):
        ask_for_reset(frank, by=boss, reason="None there", at=now())
    with_second_factor(frank)
    with pytest.raises(OwnFactor):
        ask_for_reset(frank, by=frank, reason="Mine", at=now())
    asked = ask_for_reset(frank, by=boss, reason="Lost", at=now())
    with pytest.raises(SecondAdministratorNeeded):
        approve_reset(frank, by=boss, at=now())
    with pytest.raises(OwnFactor):
        approve_reset(frank, by=frank, at=now())
    for person in (boss, frank):
        with pytest.raises(IntegrityError, match="a_factor_is_reset_by_two_other_people"), transaction.atomic():
            FactorReset.objects.filter(pk=asked.pk).update(decided_by=person, decided_at=now(), is_approved=True)

    assert Authenticator.objects.filter(user=frank).count() == 1


def test_a_declined_reset_leaves_the_factor(client: Client, frank: User, boss: User) -> None:
    with_second_factor(frank)
    client.force_login(boss)
    press(client, frank, "reset_factor", reason="Lost")

    assert press(client, frank, "decline_reset", reason="It was not them") == 302

    assert Authenticator.objects.filter(user=frank).count() == 1
    assert press(client, frank, "reset_factor", reason="It was them") == 302


def test_the_page_of_a_role_says_in_words_what_it_may(client: Client, boss: User, frank: User) -> None:
    client.force_login(boss)
    finance = Group.objects.get(name="Finance")

    page = client.get(reverse("admin:auth_group_change", args=[finance.pk])).content.decode()

    assert "<b>Everything</b>: View all business data." in page
    assert "Adjust, approve, issue and void invoices" in page
    assert "Lock, reopen and close months" in page
    assert "change_invoice" not in page
    assert frank.username in page


def test_a_person_without_the_role_finds_no_such_page(client: Client, frank: User) -> None:
    other = with_password(superuser())
    client.force_login(frank)

    assert client.get(reverse("admin:auth_user_change", args=[other.pk])).status_code == 403
    assert press(client, other, "deactivate", reason="Coup") == 403
    assert press(client, other, "change_roles", reason="Coup") == 403
