"""Deliveries over HTTP: their formats, their limits and what is stored."""

import gzip
import json
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads.domain import limits
from leads.models import Action, Delivery, Lead, QuarantinedItem, Source
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory

pytestmark = pytest.mark.django_db

NDJSON = "application/x-ndjson"


@pytest.fixture
def source() -> Source:
    ProductFactory.create(sku="TILE-9", customer__code="ACME")
    ActionTypeFactory.create(code="sample_order")
    return SourceFactory.create(code="web", channel="trade_show")


def lead(number: int | str = 1, *actions: Any, **facts: Any) -> dict[str, Any]:
    return {"id": f"L-{number}", "product": {"sku": "TILE-9"}, "actions": list(actions), **facts}


def action(number: int = 1, **facts: Any) -> dict[str, Any]:
    return {"id": f"A-{number}", "type": "sample_order", "occurred_at": "2026-10-15T12:00:00Z", **facts}


def post(client: Client, key: str, body: Any, content_type: str = "application/json", **headers: str) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(
        "/api/v1/deliveries", data, content_type=content_type, headers={"Authorization": f"Bearer {key}", **named}
    )


def outcomes(answer: Any) -> list[Any]:
    assert answer.status_code == 202, answer.content
    return [
        (result["outcome"], *(each["outcome"] for each in result.get("actions", [])))
        for result in answer.json()["results"]
    ]


def faults(answer: Any) -> list[tuple[str, str]]:
    results = [each for result in answer.json()["results"] for each in (result, *result.get("actions", []))]
    return [(each["code"], each["pointer"]) for each in results if "code" in each]


def test_an_envelope_is_kept_with_its_delivery_and_pointers_lead_into_it(client: Client, key: str):
    envelope = {"schema_version": 1, "batch_id": 17, "sent_at": "2026-10-20T09:00:00+02:00"}

    answer = post(client, key, envelope | {"leads": [lead(1), lead(2, colour="red"), 7]})

    assert outcomes(answer) == [("created",), ("quarantined",), ("quarantined",)]
    assert faults(answer) == [("member_unknown", "/leads/1"), ("not_an_object", "/leads/2")]
    kept = Delivery.objects.get()
    assert (kept.batch_id, kept.sent_at) == ("17", datetime(2026, 10, 20, 7, tzinfo=UTC))


def test_an_offset_may_be_as_large_as_it_can_be_written(client: Client, key: str):
    at = "2026-10-16T11:59:00+23:59"

    answer = post(client, key, {"sent_at": at, "leads": [lead(1, action(occurred_at=at), occurred_at=at)]})

    assert outcomes(answer) == [("created", "created")]
    noon = datetime(2026, 10, 15, 12, tzinfo=UTC)
    assert (Delivery.objects.get().sent_at, Lead.objects.get().occurred_at, Action.objects.get().occurred_at) == (
        noon,
    ) * 3


@pytest.mark.parametrize("version", [{}, {"schema_version": 1}, {"schema_version": "1"}])
def test_an_envelope_says_its_version_or_means_the_first(client: Client, key: str, version: dict[str, Any]):
    assert outcomes(post(client, key, version | {"leads": [lead()]})) == [("created",)]


@pytest.mark.parametrize(
    ("envelope", "code", "pointer"),
    [
        ({"schema_version": 2}, "schema_version_unknown", "/schema_version"),
        ({"schema_version": None}, "schema_version_unknown", "/schema_version"),
        ({"schema_version": True}, "schema_version_unknown", "/schema_version"),
        ({"schema_version": 1, "leads": None}, "envelope_invalid", "/leads"),
        ({"schema_version": 1}, "envelope_invalid", ""),
        ({"leads": {}}, "envelope_invalid", "/leads"),
        ({"leads": [], "batch": "7"}, "envelope_invalid", ""),
        ({"leads": [], "batch_id": "x" * 201}, "envelope_invalid", "/batch_id"),
        ({"leads": [], "batch_id": "\0"}, "envelope_invalid", "/batch_id"),
        ({"leads": [], "batch_id": 10**300}, "envelope_invalid", "/batch_id"),
        ({"leads": [], "sent_at": "2026-10-20T09:00:00"}, "envelope_invalid", "/sent_at"),
        ({"leads": [], "sent_at": "0001-01-01T00:00:00+23:59"}, "envelope_invalid", "/sent_at"),
    ],
)
def test_an_invalid_envelope_is_refused_as_a_whole_with_a_pointer(
    client: Client, key: str, envelope: dict[str, Any], code: str, pointer: str
):
    answer = post(client, key, envelope)

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert (answer.json()["code"], answer.json()["pointer"]) == (code, pointer)
    assert not Delivery.objects.exists()


def test_a_bad_line_waits_in_quarantine_under_its_number_without_affecting_others(client: Client, key: str):
    lines = [json.dumps(lead(1, action())), "{", "", "[]", json.dumps(lead(2, action(quantity=-1)))]
    body = b"\xef\xbb\xbf" + "\r\n".join(lines).encode()

    answer = post(client, key, body, NDJSON)

    assert outcomes(answer) == [("created", "created"), ("quarantined",), ("quarantined",), ("created", "quarantined")]
    assert faults(answer) == [
        ("row_malformed", "/2"),
        ("row_malformed", "/4"),
        ("quantity_invalid", "/5/actions/0/quantity"),
    ]
    assert [item.content for item in QuarantinedItem.objects.order_by("pk")][:2] == ["{\r", "[]\r"]


@pytest.mark.parametrize("body", [b"", b"\n \n"])
def test_a_body_without_lines_is_refused_as_a_whole(client: Client, key: str, body: bytes):
    assert post(client, key, body or b" ", NDJSON).json()["code"] == "body_not_readable"


def test_a_packed_body_is_kept_unpacked(client: Client, key: str):
    body = json.dumps([lead(1), lead(2)]).encode()
    in_two_parts = gzip.compress(body[:20]) + gzip.compress(body[20:])

    assert outcomes(post(client, key, in_two_parts, Content_Encoding="GZIP")) == [("created",), ("created",)]
    assert outcomes(post(client, key, body, Content_Encoding="identity")) == [("duplicate",), ("duplicate",)]
    kept = list(Delivery.objects.order_by("pk"))
    assert [zlib.decompress(each.body) for each in kept] == [body, body]
    assert kept[0].body_sha256 == kept[1].body_sha256


@pytest.mark.parametrize(
    ("body", "encoding", "status", "code"),
    [
        (b"{}", "br", 415, "encoding_not_supported"),
        (gzip.compress(gzip.compress(b"{}")), "gzip, gzip", 415, "encoding_not_supported"),
        (b"{}", "gzip", 400, "body_not_readable"),
        (gzip.compress(b"[]" * 100)[:-9], "gzip", 400, "body_not_readable"),
        (gzip.compress(b"[]") + b"rest", "gzip", 400, "body_not_readable"),
        (gzip.compress(b" " * (limits.BYTES + 1)), "gzip", 413, "too_large"),
        (gzip.compress(b" " * limits.BYTES) + gzip.compress(b" "), "gzip", 413, "too_large"),
        (gzip.compress(b" " * 200_000_000), "gzip", 413, "too_large"),
    ],
    ids=["brotli", "twice", "no gzip", "cut off", "something behind it", "a byte too many", "in parts", "a bomb"],
)
def test_a_body_that_cannot_be_decompressed_is_refused_as_a_whole(
    client: Client, key: str, body: bytes, encoding: str, status: int, code: str
):
    answer = post(client, key, body, Content_Encoding=encoding)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"[" + b"0," * limits.VALUES + b"0]", "application/json"),
        (b'{"id": "L", "x": [' + b"{}," * limits.VALUES + b"{}]}", "application/json"),
        (b"[" + b"[" * 900 * 600 + b"]", "application/json"),
        (b"1\n" * (limits.VALUES + 1), "application/x-ndjson"),
    ],
    ids=["numbers", "objects", "nested", "lines"],
)
def test_a_body_that_would_grow_in_memory_is_refused_before_it_is_read(
    client: Client, key: str, body: bytes, content_type: str
):
    answer = post(client, key, body, content_type=content_type)

    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_items")
    assert "at most 500,000 values" in answer.json()["detail"]
    assert not Delivery.objects.exists()


def test_too_many_leads_or_actions_are_refused_as_a_whole(client: Client, key: str):
    many_leads = [{}] * (limits.LEADS + 1)
    many_actions = [{"actions": [{}] * 1000}] * (limits.ACTIONS // 1000) + [{"actions": [{}]}]

    for body in (many_leads, many_actions):
        answer = post(client, key, body)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_many_items")
    assert not Delivery.objects.exists()


def nested(depth: int) -> Any:
    return {} if depth == 1 else {"in": nested(depth - 1)}


def of_bytes(size: int) -> dict[str, str]:
    return {"a": "x" * (size - len('{"a":""}'))}


def test_exceeding_a_limit_of_an_item_affects_only_that_item(client: Client, key: str):
    most, depth = limits.ATTRIBUTES_BYTES, limits.DEPTH
    body = [
        lead(1, attributes=of_bytes(most), consent=nested(depth - 1)),
        lead(2, attributes=of_bytes(most + 1)),
        lead(3, consent=of_bytes(most + 1)),
        lead(4, attributes=nested(depth)),
        lead(5, action(1, attributes=of_bytes(most)), action(2, attributes=of_bytes(most + 1))),
        lead(6, action(1, attributes=nested(depth - 1)), action(2, attributes=nested(depth))),
        lead(7, *(action(number) for number in range(limits.ACTIONS_A_LEAD + 1))),
        lead(8, attributes=nested(400)),
    ]

    answer = post(client, key, body)

    assert [result[:3] for result in outcomes(answer)] == [
        ("created",),
        ("quarantined",),
        ("quarantined",),
        ("quarantined",),
        ("created", "created", "quarantined"),
        ("created", "created", "quarantined"),
        ("quarantined", "quarantined", "quarantined"),
        ("quarantined",),
    ]
    assert [fault for fault in faults(answer) if fault[0] != "lead_quarantined"] == [
        ("member_too_large", "/1/attributes"),
        ("member_too_large", "/2/consent"),
        ("nested_too_deeply", "/3"),
        ("member_too_large", "/4/actions/1/attributes"),
        ("nested_too_deeply", "/5/actions/1"),
        ("too_many_actions", "/6/actions"),
        ("nested_too_deeply", "/7"),
    ]
    assert Action.objects.count() == 2


def test_consent_is_kept_with_the_lead(client: Client, key: str):
    consent = {"given": True, "at": "2026-10-15T11:59:00Z", "text": "News by email"}

    post(client, key, lead(consent=consent))

    assert Lead.objects.get().consent == consent


@pytest.mark.parametrize("channel", ["trade_show", "Trade Show", "trade-show", "", None])
def test_a_lead_may_name_its_sources_channel(client: Client, key: str, channel: str | None):
    assert outcomes(post(client, key, lead(channel=channel))) == [("created",)]


def test_a_lead_of_another_channel_waits_in_quarantine(client: Client, key: str):
    answer = post(client, key, lead(1, action(), channel="webinar"))

    assert faults(answer) == [("channel_mismatch", "/channel"), ("lead_quarantined", "/actions/0")]
    assert not Lead.objects.exists()


def test_tests_are_stored_and_counted_apart(client: Client, key: str):
    first = post(client, key, lead(1, action(1), is_test=True))
    later = post(client, key, {"id": "L-1", "actions": [action(1), action(2)]})

    assert (outcomes(first), outcomes(later)) == ([("test", "test")], [("updated", "duplicate", "test")])
    assert Action.objects.filter(lead__is_test=True).count() == 2
    counts = later.json()["counts"]
    assert (counts["actions_received"], counts["actions_duplicate"], counts["actions_test"]) == (2, 1, 1)


def test_what_is_refused_again_waits_once_and_says_so_every_time(client: Client, key: str):
    body = [lead(1, action(1, quantity=-1), action(2)), lead(2, product={"sku": "NOWHERE"}), "no lead"]
    first = post(client, key, body)
    second = post(client, key, body[::-1])

    assert outcomes(second) == [*outcomes(first)[::-1][:2], ("duplicate", "quarantined", "duplicate")]
    assert second.json()["counts"]["leads_quarantined"] == 2
    numbers = {item.pk for item in QuarantinedItem.objects.all()}
    assert named(first) == named(second) == numbers
    assert [item.times_sent for item in QuarantinedItem.objects.all()] == [2, 2, 2]


def named(answer: Any) -> set[int]:
    results = [each for result in answer.json()["results"] for each in (result, *result.get("actions", []))]
    return {each["quarantined_item"] for each in results if "quarantined_item" in each}


def test_equal_refusals_of_one_delivery_are_one_item(client: Client, key: str):
    answer = post(client, key, [lead(1, colour="red"), lead(1, colour="red"), lead(1, colour="blue")])

    assert outcomes(answer) == [("quarantined",)] * 3
    assert [item.times_sent for item in QuarantinedItem.objects.order_by("pk")] == [1, 1]


def test_what_was_discarded_and_is_sent_again_waits_again(client: Client, key: str):
    post(client, key, lead(1, colour="red"))
    QuarantinedItem.objects.update(
        state="discarded", settled_at=datetime(2026, 10, 20, tzinfo=UTC), settled_note="Spam"
    )

    post(client, key, lead(1, colour="red"))

    assert sorted(QuarantinedItem.objects.values_list("state", flat=True)) == ["discarded", "waiting"]


def test_refusals_and_voids_cost_the_same_number_of_queries_however_many(client: Client, key: str):
    def queries(count: int) -> int:
        leads = [
            lead(f"{count}-{n}", action(1), action(2, quantity=-1), {"id": "A-1", "void": {"reason": "r"}})
            for n in range(count)
        ]
        with CaptureQueriesContext(connection) as captured:
            answer = post(client, key, leads)
        assert outcomes(answer) == [("created", "created", "quarantined", "updated")] * count
        return len(captured)

    queries(1)
    assert queries(2) == queries(30)


def test_the_limits_are_public(client: Client):
    assert client.get("/api/v1/limits").json() == limits.PUBLISHED
