"""The addresses of inbound webhooks: who may call them, how they are replaced, and how refused calls are counted."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from time_machine import travel

from billing_engine.core.models import Deed
from leads.domain.credentials.encryption import decrypt
from leads.domain.credentials.lifetime import ExpiryInPast, KeyIsRevoked, SecretNotUsable, revoke
from leads.domain.hooks.addresses import (
    HookSecretMissing,
    HookSecretUnusable,
    change_hook_secret,
    create_hook,
    rotate_hook,
)
from leads.domain.hooks.find import known_hook, secrets_of
from leads.models import Delivery, Hook, HookRefusal, Source
from tests.factories.leads import SourceFactory
from tests.factories.people import UserFactory
from tests.leads.hooks.calls import AT, BODIES, SECRET, WRONG, Kind, Sender

pytestmark = pytest.mark.django_db


def refusals(hook: Hook) -> list[tuple[str, int]]:
    return list(HookRefusal.objects.filter(hook=hook).order_by("code").values_list("code", "times"))


def nothing_was_stored() -> bool:
    return not Delivery.objects.exists()


@pytest.mark.parametrize("kind", Kind)
@travel(AT, tick=False)
def test_a_signed_call_is_stored_and_the_use_of_the_address_noted(source: Source, kind: Hook.Kind):
    sender = Sender(source, kind)

    answer = sender.send(sender.keyed(BODIES[kind]))

    assert answer.status_code == (204 if kind == Kind.HUBSPOT else 200)
    assert (Delivery.objects.count(), refusals(sender.hook)) == (1, [])
    assert Hook.objects.get().last_used_at == AT


@pytest.mark.parametrize("kind", Kind)
@travel(AT, tick=False)
def test_a_wrongly_signed_call_is_refused_and_counted_and_nothing_stored(source: Source, kind: Hook.Kind):
    sender = Sender(source, kind)
    secret = WRONG.get(kind, "another secret")
    body = sender.keyed(BODIES[kind], key=secret)

    answers = [sender.send(body, headers=sender.signed(body, secret=secret)) for _ in range(2)]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [(401, "hook_signature_wrong")] * 2
    assert (refusals(sender.hook), nothing_was_stored()) == ([("hook_signature_wrong", 2)], True)
    assert Hook.objects.get().last_used_at is None


@travel(AT, tick=False)
def test_every_address_that_is_not_there_is_answered_alike(client: Client):
    here, other = SourceFactory.create(code="web"), SourceFactory.create(code="shop")
    idle = SourceFactory.create(code="idle", is_active=False)
    revoked, expired, inactive = (Sender(each, Kind.TYPEFORM) for each in (here, here, idle))
    revoke(revoked.hook, by=None, at=AT)
    rotate_hook(expired.hook, until=AT, by=None, at=AT)
    paths = [
        "/api/v1/hooks/web/lbh_00000000_guess",
        "/api/v1/hooks/nobody/lbh_00000000_guess",
        "/api/v1/hooks/web/nonsense",
        f"/api/v1/hooks/{other.code}/{Sender(here, Kind.TYPEFORM).token}",
        *(each.path for each in (revoked, expired, inactive)),
    ]

    posts = [client.post(path, data=b"{}", content_type="application/json") for path in paths]
    gets = [client.get(path) for path in paths]

    assert {(each.status_code, each.content) for each in (*posts, *gets)} == {(404, posts[0].content)}
    assert posts[0].json()["code"] == "not_found"
    assert refusals(revoked.hook) == refusals(inactive.hook) == [("hook_not_here", 2)]
    assert nothing_was_stored()


@travel(AT, tick=False)
def test_an_address_works_under_the_code_of_its_source_in_any_case(source: Source):
    sender = Sender(source, Kind.TYPEFORM)
    sender.path = sender.path.replace("/web/", "/WEB/")

    assert sender.send(sender.keyed(BODIES[Kind.TYPEFORM])).status_code == 200


@travel(AT, tick=False)
def test_an_address_is_rotated_without_a_gap(source: Source):
    sender, by = Sender(source, Kind.TYPEFORM), UserFactory.create()
    body = sender.keyed(BODIES[Kind.TYPEFORM])

    new = rotate_hook(sender.hook, until=AT + timedelta(days=7), by=by, at=AT)

    old_path, sender.path = sender.path, f"/api/v1/hooks/web/{new.token}"
    assert (sender.send(body).status_code, secrets_of(new.hook, at=AT)) == (200, [SECRET])
    sender.path = old_path
    with travel(AT + timedelta(days=6), tick=False):
        assert sender.send(body).status_code == 200
    with travel(AT + timedelta(days=7), tick=False):
        assert sender.send(body).status_code == 404


@travel(AT, tick=False)
def test_a_secret_is_changed_without_a_gap(source: Source):
    sender = Sender(source, Kind.TYPEFORM)
    body = sender.keyed(BODIES[Kind.TYPEFORM])

    change_hook_secret(sender.hook, given="the new one", until=AT + timedelta(hours=1), by=None, at=AT)

    new = sender.signed(body, secret="the new one")
    assert [sender.send(body, headers=each).status_code for each in (new, sender.signed(body))] == [200, 200]
    with travel(AT + timedelta(hours=1), tick=False):
        assert [sender.send(body, headers=each).status_code for each in (new, sender.signed(body))] == [200, 401]


def test_a_secret_that_is_replaced_at_once_is_kept_nowhere(source: Source):
    hook = Sender(source, Kind.TYPEFORM).hook

    new = change_hook_secret(hook, until=AT, by=None, at=AT)

    stored = Hook.objects.get()
    assert (decrypt(stored.sealed), stored.earlier_sealed) == (new.secret, None)


@pytest.mark.parametrize("kind", Kind)
def test_the_token_and_the_secret_are_kept_only_as_what_they_are_checked_by(source: Source, kind: Hook.Kind):
    sender = Sender(source, kind)

    stored = [str(bytes(each) if isinstance(each, memoryview) else each) for each in Hook.objects.values_list()[0]]

    assert [each for each in stored if sender.token in each or sender.secret in each] == []
    assert (known_hook(sender.token), known_hook(sender.token[:-1] + "?")) == (sender.hook, None)
    assert secrets_of(Hook.objects.get(), at=AT) == [sender.secret]
    assert [sender.token in str(deed.after) or sender.secret in str(deed.after) for deed in Deed.objects.all()] == [
        False
    ]


@pytest.mark.parametrize(
    ("kind", "given", "refusal"),
    [
        pytest.param(Kind.META, "", HookSecretMissing, id="the app secret is Meta's"),
        pytest.param(Kind.HUBSPOT, " ", HookSecretMissing, id="blank"),
        pytest.param(Kind.TYPEFORM, "x" * 201, HookSecretUnusable, id="too long"),
        pytest.param(Kind.SEGMENT, "naïve", HookSecretUnusable, id="not ASCII"),
        pytest.param(Kind.STANDARD, "whsec_short", SecretNotUsable, id="not of Standard Webhooks"),
    ],
)
def test_a_secret_that_no_call_could_be_signed_with_is_refused(
    source: Source, kind: Hook.Kind, given: str, refusal: type[Exception]
):
    with pytest.raises(refusal):
        create_hook(source, kind=kind, given=given, by=None)
    assert not Hook.objects.exists()


@pytest.mark.parametrize("act", [rotate_hook, change_hook_secret], ids=["rotate", "change secret"])
def test_a_revoked_address_is_neither_rotated_nor_given_another_secret(source: Source, act: Any):
    hook = Sender(source, Kind.TYPEFORM).hook
    with pytest.raises(ExpiryInPast):
        act(hook, until=AT - timedelta(days=1), by=None, at=AT)
    revoke(hook, by=None, at=AT)
    with pytest.raises(KeyIsRevoked):
        act(hook, until=AT + timedelta(days=1), by=None, at=AT)
    assert Hook.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        pytest.param({"content_type": "text/plain"}, 415, "unsupported_media_type", id="not JSON by its own account"),
        pytest.param({"CONTENT_LENGTH": "1048577"}, 413, "hook_too_large", id="too large"),
        pytest.param({"HTTP_CONTENT_ENCODING": "gzip"}, 415, "encoding_not_supported", id="compressed"),
    ],
)
@travel(AT, tick=False)
def test_what_is_not_read_is_refused_and_counted(source: Source, sent: dict[str, str], status: int, code: str):
    sender = Sender(source, Kind.TYPEFORM)

    answer = sender.send(sender.keyed(BODIES[Kind.TYPEFORM]), **sent)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (refusals(sender.hook), nothing_was_stored()) == ([(code, 1)], True)


@travel(AT, tick=False)
def test_a_sender_is_answered_whatever_it_says_it_accepts(source: Source):
    sender = Sender(source, Kind.TYPEFORM)
    assert sender.send(sender.keyed(BODIES[Kind.TYPEFORM]), HTTP_ACCEPT="image/png").status_code == 200


@travel(AT, tick=False)
def test_the_checks_of_meta_and_linkedin_need_no_signature(source: Source):
    meta, linkedin = Sender(source, Kind.META), Sender(source, Kind.LINKEDIN)
    asked = {"hub.mode": "subscribe", "hub.verify_token": meta.token, "hub.challenge": "42"}

    answers = [
        meta.client.get(meta.path, asked),
        meta.client.get(meta.path, asked | {"hub.verify_token": "guessed"}),
        linkedin.client.get(linkedin.path, {"challengeCode": "c"}),
        linkedin.client.get(linkedin.path),
    ]

    assert [each.status_code for each in answers] == [200, 403, 200, 403]
    assert (answers[0].content, answers[2].json()["challengeCode"]) == (b"42", "c")
    assert refusals(meta.hook) == refusals(linkedin.hook) == [("hook_challenge_refused", 1)]
