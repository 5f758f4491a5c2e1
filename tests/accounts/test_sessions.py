"""Sessions end after hours of work and after a pause; a person sees and ends their own."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.test import Client
from time_machine import travel

from billing_engine.core.models import Deed
from tests.accounts.conftest import PASSWORD, is_in, log_in

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 11, 3, 8, tzinfo=UTC)


def test_a_session_ends_after_twelve_hours_however_busy_it_is(client: Client, frank: User) -> None:
    with travel(MORNING, tick=False) as clock:
        log_in(client, frank.username)
        for _ in range(24):
            clock.shift(timedelta(minutes=30))
            assert is_in(client)
        clock.shift(timedelta(minutes=1))

        answer = client.get("/admin/", follow=True)

    assert answer.redirect_chain == [("/admin/login/?next=/admin/", 302)]
    assert "Sessions end after 12 hours. Log in again." in answer.content.decode()
    assert [(each.verb, each.reason) for each in Deed.objects.order_by("pk")] == [
        ("logged_in", ""),
        ("logged_out", "Sessions end after 12 hours."),
    ]


def test_a_session_ends_after_a_pause(client: Client, frank: User) -> None:
    with travel(MORNING, tick=False) as clock:
        log_in(client, frank.username)
        clock.shift(timedelta(minutes=60))
        assert is_in(client)
        clock.shift(timedelta(minutes=61))
        assert not is_in(client)


def test_the_pause_counts_from_the_last_request_and_is_noted_once_a_minute(client: Client, frank: User) -> None:
    with travel(MORNING, tick=False) as clock:
        log_in(client, frank.username)
        clock.shift(timedelta(minutes=5))
        is_in(client)
        clock.shift(timedelta(seconds=30))
        is_in(client)

    assert UserSession.objects.get().last_seen_at == MORNING + timedelta(minutes=5)


def test_a_person_sees_their_sessions_and_ends_one_of_them(client: Client, frank: User) -> None:
    other, stranger = Client(), Client()
    firefox = "Mozilla/5.0 (Windows NT 10.0; rv:144.0) Gecko/20100101 Firefox/144.0"
    log_in(other, frank.username, HTTP_USER_AGENT=firefox, REMOTE_ADDR="203.0.113.9")
    log_in(client, frank.username, HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0.0.0 Safari/537.36")

    page = client.get("/admin/account/sessions/").content.decode()

    assert re.findall(r'<b class="text-important">(.+?)</b>', page) == ["Chrome on Linux", "Firefox on Windows"]
    assert "From 203.0.113.9, since" in page
    assert stranger.get("/admin/account/sessions/").status_code == 302
    theirs = UserSession.objects.get(ip="203.0.113.9")
    assert client.post("/admin/account/sessions/", {"session": theirs.pk}).status_code == 302
    assert (is_in(client), is_in(other)) == (True, False)
    assert Deed.objects.filter(verb="sessions_ended").count() == 1


def test_nobody_ends_the_session_of_another_person_by_its_number(client: Client, frank: User, boss: User) -> None:
    log_in(Client(), boss.username)
    log_in(client, frank.username)

    answer = client.post("/admin/account/sessions/", {"session": UserSession.objects.get(user=boss).pk})

    assert answer.status_code == 404
    assert UserSession.objects.filter(user=boss).exists()


def test_a_new_password_ends_the_other_sessions(client: Client, frank: User) -> None:
    other = Client()
    log_in(other, frank.username)
    log_in(client, frank.username)

    new = "another long password"
    answer = client.post("/admin/password_change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert (is_in(client), is_in(other)) == (True, False)
    assert log_in(Client(), frank.username, new).status_code == 302
    assert Deed.objects.filter(verb="password_changed").count() == 1
