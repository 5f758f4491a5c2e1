"""Each kind of sender is recognized by how it signs, and no one else is."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from time_machine import travel

from billing_engine.core.errors import Refused
from leads.domain.body.decode import BodyNotReadable
from leads.domain.hooks.kinds.call import (
    Call,
    HookChallengeRefused,
    HookSignatureMissing,
    HookSignatureStale,
    HookSignatureWrong,
)
from leads.domain.hooks.kinds.hubspot import address
from leads.domain.hooks.kinds.registry import KINDS
from leads.models import Hook
from tests.leads.hooks.calls import AT, BODIES, SIGNED, WRONG, Kind, secret_of

URI = "https://billing.example/api/v1/hooks/web/lbh_1a2b3c4d_x"
TIMED = [Kind.HUBSPOT, Kind.STANDARD]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
NAMES = [
    "entry",
    "changes",
    "value",
    "leadgen_id",
    "google_key",
    "lead_id",
    "leadGenForm",
    "occurredAt",
    "eventId",
    "hook",
]
SHAPED = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=15,
)


def encoded(kind: Hook.Kind, key: str) -> bytes:
    content = BODIES[kind]
    return json.dumps(content | {"google_key": key} if kind == Kind.GOOGLE else content).encode()


def call(kind: Hook.Kind, *, body: bytes | None = None, secret: str = "", **more: Any) -> Call:
    secret = secret or secret_of(kind)
    body = encoded(kind, secret) if body is None else body
    at = more.pop("signed_at", AT)
    headers = more.pop("headers", None)
    headers = SIGNED[kind](body, secret, URI, at) if headers is None else headers
    whole: dict[str, Any] = {"method": "POST", "uri": URI, "token": "lbh_1a2b3c4d_x", "query": {}, "at": AT} | more
    return Call(headers=headers, body=body, **whole)


@pytest.fixture(autouse=True, scope="module")
def _clock() -> Iterator[None]:
    """The library of Standard Webhooks reads the clock."""
    with travel(AT, tick=False):
        yield


@pytest.mark.parametrize("kind", Kind)
def test_a_call_signed_with_the_secret_is_taken(kind: Hook.Kind):
    KINDS[kind].verify(call(kind), [secret_of(kind)])


@pytest.mark.parametrize("kind", Kind)
def test_while_a_secret_is_replaced_both_are_taken(kind: Hook.Kind):
    other = WRONG.get(kind, "the earlier secret")
    KINDS[kind].verify(call(kind), [other, secret_of(kind)])


@pytest.mark.parametrize("kind", Kind)
def test_a_call_signed_with_another_secret_is_refused(kind: Hook.Kind):
    with pytest.raises(HookSignatureWrong):
        KINDS[kind].verify(call(kind, secret=WRONG.get(kind, "another secret")), [secret_of(kind)])


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind != Kind.GOOGLE])
def test_a_body_that_was_changed_after_signing_is_refused(kind: Hook.Kind):
    sent = call(kind)
    with pytest.raises(HookSignatureWrong):
        KINDS[kind].verify(replace(sent, body=sent.body + b" "), [secret_of(kind)])


@pytest.mark.parametrize("kind", Kind)
def test_a_call_without_a_signature_is_refused(kind: Hook.Kind):
    with pytest.raises(HookSignatureMissing):
        KINDS[kind].verify(call(kind, headers={}, body=b"{}"), [secret_of(kind)])


@pytest.mark.parametrize("kind", Kind)
def test_without_a_readable_secret_nothing_is_taken(kind: Hook.Kind):
    with pytest.raises(HookSignatureWrong):
        KINDS[kind].verify(call(kind), [])


@pytest.mark.parametrize("kind", TIMED)
@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signature_of_more_than_five_minutes_ago_or_ahead_is_refused(kind: Hook.Kind, minutes: int):
    with pytest.raises(HookSignatureStale):
        KINDS[kind].verify(call(kind, signed_at=AT + timedelta(minutes=minutes)), [secret_of(kind)])


@pytest.mark.parametrize("kind", TIMED)
def test_a_signature_of_four_minutes_ago_is_taken(kind: Hook.Kind):
    KINDS[kind].verify(call(kind, signed_at=AT - timedelta(minutes=4)), [secret_of(kind)])


@pytest.mark.parametrize("changed", [{"method": "PUT"}, {"uri": URI + "?a=1"}], ids=["method", "address"])
def test_hubspot_signs_the_method_and_the_address_too(changed: dict[str, str]):
    with pytest.raises(HookSignatureWrong):
        KINDS[Kind.HUBSPOT].verify(replace(call(Kind.HUBSPOT), **changed), [secret_of(Kind.HUBSPOT)])


def test_hubspot_signs_the_address_with_twelve_signs_decoded_and_no_others():
    assert address("https://x.example/a%2Fb%3ac%20d%2Be?f=%40%21#end") == "https://x.example/a/b:c%20d%2Be?f=@!"


def test_meta_is_answered_with_its_challenge_if_it_knows_the_token():
    query = {"hub.mode": "subscribe", "hub.verify_token": "lbh_1a2b3c4d_x", "hub.challenge": "1158201444"}

    assert KINDS[Kind.META].challenge(call(Kind.META, query=query), ["s"]).content == "1158201444"
    for wrong in ({"hub.verify_token": "lbh_1a2b3c4d_y"}, {"hub.mode": "unsubscribe"}):
        with pytest.raises(HookChallengeRefused):
            KINDS[Kind.META].challenge(call(Kind.META, query=query | wrong), ["s"])


def test_linkedin_is_answered_with_its_challenge_signed_by_the_client_secret():
    answer = KINDS[Kind.LINKEDIN].challenge(call(Kind.LINKEDIN, query={"challengeCode": "890e4665"}), ["s3cret", "old"])

    signed = hmac.new(b"s3cret", b"890e4665", hashlib.sha256).hexdigest()
    assert (json.loads(answer.content), answer.content_type) == (
        {"challengeCode": "890e4665", "challengeResponse": signed},
        "application/json",
    )


@pytest.mark.parametrize("kind", [kind for kind in Kind if not KINDS[kind].says_hello])
def test_a_sender_that_checks_no_address_gets_no_answer_to_a_check(kind: Hook.Kind):
    with pytest.raises(HookChallengeRefused):
        KINDS[kind].challenge(call(kind, query={"challengeCode": "1", "hub.challenge": "1"}), ["s"])


@pytest.mark.parametrize("kind", Kind)
@given(body=st.binary(max_size=200), header=st.text(max_size=40), query=st.dictionaries(st.text(max_size=9), st.text()))
def test_whatever_is_sent_is_refused_in_our_own_words(kind: Hook.Kind, body: bytes, header: str, query: dict[str, str]):
    names = ("X-Hub-Signature-256", "X-LI-Signature", "X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp")
    names += ("Typeform-Signature", "X-Signature", "webhook-id", "webhook-timestamp", "webhook-signature")
    sent = call(kind, body=body, headers=dict.fromkeys(names, header), query=query)
    with pytest.raises((Refused, BodyNotReadable)):
        KINDS[kind].verify(sent, [secret_of(kind)])
    if not (kind == Kind.LINKEDIN and 0 < len(query.get("challengeCode", "")) <= 200):
        with pytest.raises(HookChallengeRefused):
            KINDS[kind].challenge(sent, [secret_of(kind)])


@pytest.mark.parametrize("kind", Kind)
@given(content=JSON_VALUES | SHAPED)
def test_whatever_the_body_holds_each_part_of_it_is_in_a_record(kind: Hook.Kind, content: Any):
    """None of a kind's functions raises, whatever the sender writes."""
    one, sent = KINDS[kind], call(kind, body=b"{}")
    records = one.records(content, sent)
    one.event_id(content, sent)
    for pointer, record in records:
        assert isinstance(one.record_id(record, sent), str | int)
        assert isinstance(one.is_test(record), bool)
        assert isinstance(one.facts(record), dict)
        assert pointer == "" or pointer.startswith("/")
    assert records or content in ([], {"entry": []}) or kind == Kind.META
