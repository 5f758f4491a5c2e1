"""Logging in and out: who gets in, what is counted, and what is on record."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from billing_engine.core.models import Deed
from billing_engine.operations.monitoring.trusted_proxies import networks
from tests.accounts.conftest import PASSWORD, is_in, log_in
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db

IPV6 = "2001:db8:1:2"


def deeds() -> list[tuple[str, str, dict[str, object]]]:
    """Verb, who did it, and what it noted, the first one first."""
    return [(deed.verb, deed.actor_name, deed.after) for deed in Deed.objects.order_by("pk")]


def test_a_staff_person_logs_in_and_out_and_each_is_one_deed(client: Client, frank: User) -> None:
    answer = log_in(client, frank.username.upper())

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert is_in(client)
    answer = client.post("/admin/logout/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/login/")
    assert not is_in(client)
    assert deeds() == [("logged_in", frank.username, {"with": ["password"]}), ("logged_out", frank.username, {})]


def test_a_failed_attempt_is_on_record_with_the_name_and_never_the_password(client: Client, frank: User) -> None:
    answer = log_in(client, frank.username, "wrong and secret")
    log_in(client, "stranger", "wrong and secret")

    assert "The name or the password is wrong." in answer.content.decode()
    assert deeds() == [
        ("login_failed", "Lead Billing Engine", {"name": frank.username, "with": "password"}),
        ("login_failed", "Lead Billing Engine", {"name": "stranger", "with": "password"}),
    ]
    assert list(Deed.objects.about(frank).values_list("verb", flat=True)) == ["login_failed"]
    assert "secret" not in str(list(Deed.objects.values()))


def test_the_page_that_was_asked_for_follows_the_log_in_and_no_other_site_does(client: Client, frank: User) -> None:
    asked = client.get("/admin/invoices/invoice/")
    assert asked["Location"] == "/admin/login/?next=/admin/invoices/invoice/"

    form = {"login": frank.username, "password": PASSWORD}
    assert client.post("/admin/login/", form | {"next": "/admin/invoices/invoice/"})["Location"] == (
        "/admin/invoices/invoice/"
    )
    assert Client().post("/admin/login/", form | {"next": "//evil.example/"})["Location"] == "/admin/"


@pytest.mark.parametrize("facts", [{"is_active": False}, {"is_staff": False}])
def test_who_is_deactivated_or_not_staff_does_not_get_in(client: Client, frank: User, facts: dict[str, bool]) -> None:
    User.objects.filter(pk=frank.pk).update(**facts)

    answer = log_in(client, frank.username)

    assert answer["Location"] == "/admin/account/inactive/"
    assert "This account can&#x27;t log in here" in client.get(answer["Location"]).content.decode() or (
        "This account can't log in here" in client.get(answer["Location"]).content.decode()
    )
    assert not is_in(client)


@pytest.mark.parametrize(
    "address",
    ["signup/", "email/", "password/reset/", "social/signup/", "confirm-email/", "accounts/login/", "accounts/signup/"],
)
def test_nobody_signs_up_and_no_other_page_of_the_library_is_there(client: Client, boss: User, address: str) -> None:
    client.force_login(boss)

    assert client.get(f"/admin/{address}").status_code == 404
    assert client.get(f"/admin/account/{address}").status_code == 404
    assert client.get(f"/{address}").status_code == 404


# --- Lockout -------------------------------------------------------------------------------------


def fails(client: Client, name: str, times: int, **extra: str) -> str:
    """Fail so often; return the last page."""
    return [log_in(client, name, "wrong", **extra).content.decode() for _ in range(times)][-1]


def test_after_five_failures_a_source_is_locked_out_of_an_account_and_of_no_other(client: Client, frank: User) -> None:
    other = UserFactory.create(username="other")
    other.set_password(PASSWORD)
    other.save()
    assert "is wrong" in fails(client, frank.username, 5)

    assert "Too many failed attempts. Wait 15 minutes" in fails(client, frank.username, 2)
    assert log_in(client, frank.username).status_code == 200  # even with the right password
    assert log_in(client, "other").status_code == 302
    assert [verb for verb, _, _ in deeds()] == [*["login_failed"] * 5, "locked_out", "logged_in"]


def test_one_source_never_locks_a_person_out_elsewhere(client: Client, frank: User) -> None:
    fails(client, frank.username, 7, REMOTE_ADDR="203.0.113.9")

    assert log_in(client, frank.username, REMOTE_ADDR="203.0.113.9").status_code == 200
    assert log_in(client, frank.username, REMOTE_ADDR="203.0.113.10").status_code == 302


def test_a_network_of_ipv6_is_one_source_and_the_next_network_another(client: Client, frank: User) -> None:
    for last in range(6):
        fails(client, frank.username, 1, REMOTE_ADDR=f"{IPV6}::{last + 1:x}")

    assert log_in(client, frank.username, REMOTE_ADDR=f"{IPV6}:ffff::9").status_code == 200
    assert log_in(client, frank.username, REMOTE_ADDR="2001:db8:1:3::1").status_code == 302


def test_a_source_that_tries_many_names_is_refused(client: Client, db: None) -> None:
    for number in range(30):
        fails(client, f"name {number}", 1, REMOTE_ADDR="203.0.113.9")

    assert "Too many failed attempts" in fails(client, "yet another", 1, REMOTE_ADDR="203.0.113.9")
    assert "is wrong" in fails(client, "yet another", 1, REMOTE_ADDR="203.0.113.10")


def test_through_two_proxies_the_client_counts_and_what_it_writes_itself_does_not(
    client: Client, frank: User, settings: object
) -> None:
    settings.PROXIES = networks("PROXIES", ["127.0.0.1", "10.0.0.0/8"])

    def through(address: str, *, written: str = "") -> dict[str, str]:
        """The load balancer at 10.0.0.7 appends who called it; the proxy here appends the load balancer."""
        sent = ", ".join(each for each in (written, address, "10.0.0.7") if each)
        return {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": sent}

    for number in range(6):
        fails(client, frank.username, 1, **through("203.0.113.9", written=f"198.51.100.{number}"))

    assert log_in(client, frank.username, **through("203.0.113.9", written="198.51.100.77")).status_code == 200
    assert log_in(client, frank.username, **through("203.0.113.10")).status_code == 302
    assert set(Deed.objects.filter(verb="login_failed").values_list("address", flat=True)) == {"203.0.113.9"}


def test_without_redis_nobody_logs_in_and_the_page_says_why(client: Client, frank: User, settings: object) -> None:
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"},
    }

    answer = log_in(client, frank.username)

    assert answer.status_code == 503
    assert "Log-in is closed for a moment, because failed attempts can&#x27;t be counted." in answer.content.decode()
    assert not is_in(client)
    assert deeds() == []
