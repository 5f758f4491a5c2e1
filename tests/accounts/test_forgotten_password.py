"""A forgotten password: a link by email, which tells strangers nothing."""

import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from billing_engine.core.models import Deed
from tests.accounts.conftest import is_in, log_in

pytestmark = pytest.mark.django_db

NEW = "a new long password"
FORM = "/admin/account/password/"


def test_a_link_sets_a_new_password_once_and_ends_the_sessions(client: Client, frank: User) -> None:
    open_session = Client()
    log_in(open_session, frank.username)
    assert client.post(FORM, {"email": frank.email.upper()})["Location"] == f"{FORM}sent/"
    assert mail.outbox[-1].to == [frank.email]
    [link] = re.findall(r"http://testserver(/\S+)", mail.outbox[-1].body)

    for _ in range(3):  # an email scanner
        Client().get(link, follow=True)
    page = client.get(link)["Location"]
    answer = client.post(page, {"password1": NEW, "password2": NEW})

    assert answer["Location"] == f"{FORM}changed/"
    assert (is_in(client), is_in(open_session)) == (False, False)
    assert log_in(Client(), frank.username, NEW).status_code == 302
    assert "This link was used or has expired." in Client().get(link, follow=True).content.decode()
    assert link.partition("?")[0] == f"{FORM}link/"  # logs hold nothing after it
    assert list(Deed.objects.filter(verb="password_changed").values_list("reason", flat=True)) == [
        "By a link that was sent by email"
    ]


@pytest.mark.parametrize("facts", [{"is_active": False}, {"is_staff": False}, {"password": "!"}])
def test_who_has_no_password_here_gets_no_link_and_the_page_says_the_same(
    client: Client, frank: User, facts: dict[str, object]
) -> None:
    User.objects.filter(pk=frank.pk).update(**facts)

    for email in (frank.email, "stranger@nowhere.example"):
        answer = client.post(FORM, {"email": email})
        assert (answer.status_code, answer["Location"]) == (302, f"{FORM}sent/")

    assert mail.outbox == []
