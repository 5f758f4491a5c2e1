"""What each kind of sender sends becomes leads and actions by its ready-made mapping, each once; nothing is lost."""

import json
import zlib
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from time_machine import travel

from leads.domain.mapping.webhooks import ready_made_converter
from leads.models import Action, Delivery, Lead, QuarantinedItem, Source
from tests.factories.leads import ActionTypeFactory, CustomerFactory, SourceFactory
from tests.leads.hooks.calls import (
    AT,
    BODIES,
    GOOGLE,
    HUBSPOT,
    LINKEDIN,
    META,
    SEGMENT,
    STANDARD,
    TYPEFORM,
    Kind,
    Sender,
    sample,
)
from tests.shared import needed

pytestmark = pytest.mark.django_db

NAMES = [
    "entry",
    "changes",
    "value",
    "leadgen_id",
    "lead_id",
    "form_response",
    "answers",
    "type",
    "hook",
    "occurredAt",
    "data",
]
CONTENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=15,
)
TYPES = ("lead_form", "contact_creation", "contact_property_change", "sample_ordered")
LEADS: dict[Kind, dict[str, Any]] = {
    Kind.META: {"external_id": "233", "product__sku": "172", "email": "", "campaign": ""},
    Kind.GOOGLE: {
        "external_id": "G-1",
        "product__sku": "12345678901",
        "email": "jane.doe@example.com",
        "campaign": "12345678",
    },
    Kind.LINKEDIN: {
        "external_id": "urn:li:leadGenFormResponse:0001-2",
        "product__sku": "3162",
        "email": "",
        "campaign": "",
    },
    Kind.HUBSPOT: {"external_id": "contact-123", "product__sku": "62515", "email": "", "campaign": ""},
    Kind.TYPEFORM: {
        "external_id": "tok-1",
        "product__sku": "lT4Z3j",
        "email": "ada@studio.example",
        "campaign": "Spring surfaces",
    },
    Kind.SEGMENT: {
        "external_id": "anon-1",
        "product__sku": "TZ-101",
        "email": "ada@studio.example",
        "campaign": "Spring",
    },
    Kind.STANDARD: {"external_id": "L-7", "product__sku": "TZ-101", "email": "ada@studio.example", "campaign": ""},
}
ACTIONS: dict[Kind, list[tuple[str, int]]] = {
    Kind.META: [("lead_form", 1)],
    Kind.GOOGLE: [("lead_form", 1)],
    Kind.LINKEDIN: [("lead_form", 1)],
    Kind.TYPEFORM: [("lead_form", 1)],
    Kind.HUBSPOT: [("contact_creation", 1), ("contact_property_change", 1)],
    Kind.SEGMENT: [("sample_ordered", 3)],
    Kind.STANDARD: [("sample_ordered", 2)],
}


@pytest.fixture
def source(db: None) -> Source:
    for code in TYPES:
        ActionTypeFactory.create(code=code)
    return SourceFactory.create(code="web", new_products="create", customer=CustomerFactory.create(code="ACME"))


def stored() -> list[int]:
    """Return how many deliveries, leads, actions and quarantined items there are."""
    return [each.objects.count() for each in (Delivery, Lead, Action, QuarantinedItem)]


@pytest.mark.parametrize("kind", Kind)
@travel(AT, tick=False)
def test_each_kind_becomes_a_lead_with_its_actions_by_its_ready_made_mapping(source: Source, kind: Kind):
    sender = Sender(source, kind)
    body = sender.keyed(BODIES[kind])

    sender.send(body)

    lead = Lead.objects.values(*LEADS[kind]).get()
    did = [(each.action_type.code, int(each.quantity)) for each in Action.objects.order_by("occurred_at")]
    assert (lead, did, QuarantinedItem.objects.count()) == (LEADS[kind], ACTIONS[kind], 0)
    delivery = Delivery.objects.get()
    kept = json.loads(zlib.decompress(delivery.body))
    assert (kept, delivery.source) == (BODIES[kind], source)


@pytest.mark.parametrize("kind", Kind)
@travel(AT, tick=False)
def test_an_event_that_comes_again_stores_nothing_however_late(source: Source, kind: Kind):
    sender = Sender(source, kind)
    body = sender.keyed(BODIES[kind])
    answers = [sender.send(body)]
    before = stored()

    for days in (0, 3):
        with travel(AT.replace(day=AT.day - days), tick=False):  # the signature is of this attempt
            answers.append(sender.send(body, headers=sender.signed(body, at=AT.replace(day=AT.day - days))))

    assert stored() == before == [1, 1, len(ACTIONS[kind]), 0]
    assert {(each.status_code, each.content) for each in answers} == {(answers[0].status_code, answers[0].content)}


@travel(AT, tick=False)
def test_a_retried_batch_differs_in_its_attempts_and_its_cut_and_stores_only_what_is_new(source: Source):
    sender = Sender(source, Kind.HUBSPOT)
    again = [event | {"attemptNumber": 1} for event in reversed(HUBSPOT)]
    later = HUBSPOT[1] | {"eventId": 3, "occurredAt": 1793447960000, "objectId": "124"}

    for batch in (HUBSPOT[:1], again, [*again, later]):
        sender.send(sender.keyed(batch))

    assert stored() == [3, 2, 3, 0]
    assert list(Lead.objects.order_by("external_id").values_list("external_id", flat=True)) == [
        "contact-123",
        "contact-124",
    ]


@travel(AT, tick=False)
def test_two_events_with_one_event_id_are_two_actions(source: Source):
    """HubSpot says that an eventId is not unique."""
    sender = Sender(source, Kind.HUBSPOT)
    other = HUBSPOT[0] | {"occurredAt": 1793447951000}

    sender.send(sender.keyed([HUBSPOT[0], other]))

    assert stored() == [1, 1, 2, 0]


@travel(AT, tick=False)
def test_an_id_is_the_same_as_a_number_and_as_a_string(source: Source):
    meta, hubspot = Sender(source, Kind.META), Sender(source, Kind.HUBSPOT)
    numbers = json.loads(json.dumps(META).replace('"233"', "233").replace('"172"', "172"))
    texts = [{name: str(part) for name, part in event.items()} for event in HUBSPOT]

    for sender, bodies in ((meta, (META, numbers)), (hubspot, (HUBSPOT, texts))):
        for body in bodies:
            assert sender.send(sender.keyed(body)).status_code in (200, 204)

    assert (Lead.objects.count(), Action.objects.count(), QuarantinedItem.objects.count()) == (2, 3, 0)


@travel(AT, tick=False)
def test_seconds_and_milliseconds_are_never_taken_for_each_other(source: Source):
    meta, hubspot = Sender(source, Kind.META), Sender(source, Kind.HUBSPOT)
    in_milliseconds = deepcopy(META)
    in_milliseconds["entry"][0]["changes"][0]["value"]["created_time"] = 1793447940000
    in_seconds = [HUBSPOT[0] | {"occurredAt": 1793447940}]

    meta.send(meta.keyed(in_milliseconds))
    hubspot.send(hubspot.keyed(in_seconds))

    codes = sorted(QuarantinedItem.objects.values_list("code", flat=True))
    assert (Action.objects.count(), codes) == (0, ["value_unreadable"] * 2)


@travel(AT, tick=False)
def test_googles_key_is_kept_nowhere_however_it_is_written(source: Source):
    sender = Sender(source, Kind.GOOGLE)
    escaped = "".join(f"\\u{ord(sign):04x}" for sign in sender.secret)
    written = [
        sender.keyed(GOOGLE),
        json.dumps(GOOGLE | {"lead_id": "G-2"})[:-1].encode() + f', "google_key": "{escaped}"}}'.encode(),
        sender.keyed(GOOGLE | {"lead_id": "G-3", "gcl_id": f"with {sender.secret}", "form_id": None}),
        b'{"google_key": "' + sender.secret.encode() + b'", ' + sender.keyed(GOOGLE | {"lead_id": "G-4"})[1:],
    ]

    answers = [sender.send(body) for body in written]

    assert [(each.status_code, each.content) for each in answers] == [(200, b"{}")] * 4
    kept = [zlib.decompress(body).decode() for body in Delivery.objects.values_list("body", flat=True)]
    held = [json.dumps(content) for content in QuarantinedItem.objects.values_list("content", flat=True)]
    assert (len(kept), len(held)) == (4, 1)
    assert [text for text in (*kept, *held) if sender.secret in text or "google_key" in text] == []


@travel(AT, tick=False)
def test_a_lead_of_google_without_a_time_occurred_when_it_was_received(source: Source):
    sender = Sender(source, Kind.GOOGLE)
    without = {name: part for name, part in GOOGLE.items() if name != "lead_submit_time"}

    sender.send(sender.keyed(without))
    with travel(AT.replace(hour=18), tick=False):
        sender.send(sender.keyed(without))

    assert stored() == [1, 1, 1, 0]
    assert Action.objects.get().occurred_at == AT


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        pytest.param(Kind.GOOGLE, GOOGLE | {"is_test": True}, id="google"),
        pytest.param(Kind.LINKEDIN, LINKEDIN | {"testLead": True}, id="linkedin"),
        pytest.param(Kind.META, json.loads(json.dumps(META).replace('"233"', "444444444444")), id="meta"),
        pytest.param(Kind.STANDARD, STANDARD | {"data": STANDARD["data"] | {"is_test": True}}, id="standard"),
    ],
)
@travel(AT, tick=False)
def test_what_a_sender_marks_as_a_test_is_a_test(source: Source, kind: Kind, content: Any):
    sender = Sender(source, kind)

    sender.send(sender.keyed(content))

    assert (Lead.objects.get().is_test, Delivery.objects.get().leads_test) == (True, 1)


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        pytest.param(Kind.TYPEFORM, b"not JSON", "hook_not_json", id="not JSON"),
        pytest.param(Kind.SEGMENT, b"\xff\x00{", "hook_not_json", id="not text"),
        pytest.param(Kind.SEGMENT, json.dumps(SEGMENT | {"type": "page"}).encode(), "mapping_has_no_match", id="page"),
        pytest.param(Kind.LINKEDIN, b'{"leadAction": "DELETED"}', "mapping_has_no_match", id="deleted"),
        pytest.param(Kind.HUBSPOT, b"[17]", "not_an_object", id="a number for an event"),
        pytest.param(Kind.META, b'{"entry": [{"changes": "none"}]}', "mapping_has_no_match", id="an entry of no form"),
        pytest.param(Kind.STANDARD, b'{"type": "a.b"}', "value_missing", id="no ID"),
        pytest.param(
            Kind.TYPEFORM,
            json.dumps(TYPEFORM | {"form_response": TYPEFORM["form_response"] | {"form_id": {"a": 1}}}).encode(),
            "value_unreadable",
            id="an object for a string",
        ),
    ],
)
@travel(AT, tick=False)
def test_what_is_the_senders_but_cannot_be_mapped_waits_in_quarantine_and_is_not_sent_again(
    source: Source, kind: Kind, body: bytes, code: str
):
    sender = Sender(source, kind)

    answers = [sender.send(body).status_code for _ in range(2)]

    assert answers == [204 if kind == Kind.HUBSPOT else 200] * 2
    assert [QuarantinedItem.objects.get().code, Lead.objects.count()] == [code, 0]
    assert zlib.decompress(Delivery.objects.get().body) == body


@travel(AT, tick=False)
def test_an_event_that_cannot_be_mapped_waits_once_however_often_it_is_retried(source: Source):
    sender = Sender(source, Kind.HUBSPOT)
    odd = {"eventId": 9, "subscriptionType": "contact.merge", "objectId": 1, "portalId": 2}

    for attempt in range(3):
        sender.send(sender.keyed([odd | {"attemptNumber": attempt}]))

    item = QuarantinedItem.objects.get()
    assert (item.code, item.times_sent, Delivery.objects.count()) == ("value_missing", 3, 3)


@travel(AT, tick=False)
def test_one_event_id_with_another_body_is_compared_by_its_items(source: Source):
    sender = Sender(source, Kind.TYPEFORM)
    sender.send(sender.keyed(TYPEFORM))
    changed = deepcopy(TYPEFORM)
    changed["form_response"]["submitted_at"] = "2026-10-31T11:30:00Z"

    assert sender.send(sender.keyed(changed)).status_code == 200

    assert [QuarantinedItem.objects.get().code, Lead.objects.count()] == ["action_conflict", 1]


def test_the_ready_made_mappings_use_no_member_that_identifies_a_person_as_an_attribute():
    for kind in Kind:
        converter = ready_made_converter(kind)
        assert converter is not None
        [document] = converter.documents
        texts = [
            field.source.text
            for part in (document, *document.actions)
            for field in part.fields
            if field.source and field.target.group == "attributes"
        ]
        assert [text for text in texts if any(word in text.lower() for word in ("mail", "phone", "name'"))] == []


@needed
@travel(AT, tick=False)
def test_the_sample_of_googles_documentation_is_a_test_lead(source: Source):
    sender = Sender(source, Kind.GOOGLE)
    body = sample("google_lead_form.constructed.json").replace(b"EXAMPLE_SHARED_KEY", sender.secret.encode())

    assert sender.send(body).status_code == 200

    lead = Lead.objects.get()
    assert (lead.external_id, lead.is_test, lead.name, lead.phone, lead.attributes["postal_code"]) == (
        "TeSt_LeAd_iD_0001",
        True,
        "Jane Doe",
        "+18005550123",
        "12345",
    )


@needed
@pytest.mark.parametrize(
    ("kind", "name", "leads", "actions", "held"),
    [
        pytest.param(Kind.META, "facebook_leadgen.vendor_sample.json", ["233370042045345"], 1, [], id="meta"),
        pytest.param(Kind.META, "facebook_test_tool_batch.constructed.json", ["444444444444"], 1, [], id="meta test"),
        pytest.param(
            Kind.META,
            "facebook_crm_stage_events.filled_template.json",
            [],
            0,
            ["mapping_has_no_match"],
            id="what is sent to Meta",
        ),
        pytest.param(
            Kind.LINKEDIN,
            "linkedin_lead_action.constructed.json",
            ["urn:li:leadGenFormResponse:00000000-0000-4000-8000-000000000001-2"],
            1,
            [],
            id="linkedin",
        ),
        pytest.param(
            Kind.HUBSPOT, "hubspot_batch_retry_out_of_order.constructed.json", ["contact-123"], 2, [], id="hubspot"
        ),
    ],
)
@travel(AT, tick=False)
def test_every_sample_is_stored_once_or_held(
    source: Source, kind: Kind, name: str, leads: list[str], actions: int, held: list[str]
):
    sender = Sender(source, kind)

    answers = [sender.send(sample(name)).status_code for _ in range(2)]

    assert answers == [204 if kind == Kind.HUBSPOT else 200] * 2
    assert list(Lead.objects.values_list("external_id", flat=True)) == leads
    assert Action.objects.count() == actions
    assert list(QuarantinedItem.objects.values_list("code", flat=True)) == held


@pytest.mark.parametrize("kind", Kind)
@settings(max_examples=8, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(content=CONTENTS)
@travel(AT, tick=False)
def test_whatever_the_sender_signs_is_stored_or_held_and_never_an_error(source: Source, kind: Kind, content: Any):
    sender = Sender(source, kind)
    before = Delivery.objects.count()

    answer = sender.send(sender.keyed(content))

    is_signed = kind != Kind.GOOGLE or isinstance(content, dict)
    assert answer.status_code == (401 if not is_signed else 204 if kind == Kind.HUBSPOT else 200)
    assert Delivery.objects.count() - before <= int(is_signed)
