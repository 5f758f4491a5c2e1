"""Inbound webhooks in the admin: made on the page of a source, shown once, and their refused calls told."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from time_machine import travel

from billing_engine.core.models import Deed
from leads.domain.hooks.find import known_hook, secrets_of
from leads.models import Hook, Source
from tests.factories.leads import HookFactory, HookRefusalFactory, SourceFactory
from tests.factories.people import with_role
from tests.leads.hooks.calls import AT, BODIES, Kind, Sender

pytestmark = pytest.mark.django_db


def press(client: Client, name: str, row: Any, **answers: object) -> Any:
    return client.post(reverse(f"admin:{name}", args=[row.pk]), answers, follow=True)


def page_of(client: Client, row: Any) -> str:
    answer = client.get(reverse(f"admin:leads_{row._meta.model_name}_change", args=[row.pk]))
    assert answer.status_code == 200
    return str(answer.content.decode())


@travel(AT, tick=False)
def test_a_new_webhook_is_shown_once_with_its_secret_and_what_to_do(operations: Client, source: Source):
    shown = press(operations, "leads_source_new_hook", source, kind="typeform", given="")

    address, secret = shown.context["plaintext"], shown.context["secret"]
    hook = Hook.objects.get()
    token = address.removeprefix("http://testserver/api/v1/hooks/web/")
    text = shown.content.decode()
    assert (known_hook(token), secrets_of(hook, at=AT)) == (hook, [secret])
    assert (address in text, secret in text, "Turn the webhook on." in text) == (True, True, True)
    assert "no-store" in shown["Cache-Control"]
    listed = page_of(operations, source)
    assert (f"…/lbh_{hook.prefix}_…" in listed, token in listed, secret in listed) == (True, False, False)
    assert Deed.objects.get().verb == "hook_created"


@travel(AT, tick=False)
def test_a_secret_of_the_sender_is_not_shown_again(operations: Client, source: Source):
    shown = press(operations, "leads_source_new_hook", source, kind="hubspot", given="a client secret")

    assert (shown.context["secret"], "a client secret" in shown.content.decode()) == ("", False)


def test_the_dialog_says_which_secret_is_missing(operations: Client, source: Source):
    shown = press(operations, "leads_source_new_hook", source, kind="meta", given="")

    assert shown.context["form"].non_field_errors() == ["Paste the app secret that Meta lead ads shows."]
    assert not Hook.objects.exists()


@travel(AT, tick=False)
def test_a_rotated_address_is_shown_with_how_long_the_old_one_is_valid(operations: Client, source: Source):
    sender = Sender(source, Kind.META)

    shown = press(operations, "leads_hook_rotate", sender.hook, until="2026-11-07T12:00")

    text = re.sub(r"<[^>]+>", "", shown.content.decode())
    assert "Nov 7, 2026, 12:00 UTC" in text
    assert f"…/lbh_{sender.hook.prefix}_…" in text
    assert "Expires in 7 days" in page_of(operations, source)


@travel(AT, tick=False)
def test_a_changed_secret_is_shown_only_if_we_created_it(operations: Client, source: Source):
    sender = Sender(source, Kind.GOOGLE)

    given = press(operations, "leads_hook_secret", sender.hook, until="2026-11-07T12:00", given="theirs")
    made = press(operations, "leads_hook_secret", sender.hook, until="2026-11-07T12:00", given="")

    hook = Hook.objects.get()
    assert ("theirs" in given.content.decode(), "The new secret is in use." in given.content.decode()) == (False, True)
    assert secrets_of(hook, at=AT) == [made.context["plaintext"], "theirs"]
    assert made.context["label"] == "Key"


@travel(AT, tick=False)
def test_a_revoked_webhook_takes_nothing_more(operations: Client, source: Source):
    sender = Sender(source, Kind.TYPEFORM)

    press(operations, "leads_hook_revoke", sender.hook)

    assert sender.send(sender.keyed(BODIES[Kind.TYPEFORM])).status_code == 404
    assert "Revoked" in page_of(operations, source)


@travel(AT, tick=False)
def test_refused_calls_of_seven_days_are_on_the_pages_of_the_source_and_the_webhook(operations: Client):
    hook = HookFactory.create()
    for days, times in ((0, 3), (6, 1_200), (7, 50)):
        HookRefusalFactory.create(
            hook=hook, day=(AT - timedelta(days=days)).date(), code="hook_signature_wrong", times=times, last_at=AT
        )

    assert ">1,203<" in page_of(operations, hook.source)
    page = page_of(operations, hook)
    assert [">3<" in page, ">1,200<" in page, ">50<" in page] == [True, True, False]
    assert "The signature is wrong." in page


@pytest.mark.parametrize("name", ["secret", "rotate", "revoke"])
def test_a_viewer_sees_a_webhook_and_changes_nothing(client: Client, name: str):
    client.force_login(with_role("Viewer"))
    hook = HookFactory.create(source=SourceFactory.create())
    before = Hook.objects.values().get()

    assert "…/lbh_" in page_of(client, hook)
    assert press(client, f"leads_hook_{name}", hook, until="2099-01-01T00:00").status_code == 403
    assert press(client, "leads_source_new_hook", hook.source, kind="typeform").status_code == 403
    assert Hook.objects.values().get() == before
