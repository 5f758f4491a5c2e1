"""Nothing in a body is lost silently: duplicate members, unreadable items, times and amounts."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from leads.domain import limits
from leads.domain.body.decode import BodyNotReadable, Repeats, decode_json
from leads.domain.body.parcel import Parcel
from leads.domain.body.parse import DuplicateMember, open_parcel, read_parcel
from leads.domain.faults import Flawed
from leads.domain.files.parts import LeadsFile
from leads.domain.intake.receipt import Receipt
from leads.domain.intake.receive import receive
from leads.domain.mapping.language.converter import Converter
from leads.domain.mapping.language.read import read_document
from leads.domain.quarantine.settle import StillRefused, repair
from leads.models import Action, Lead, QuarantinedItem, Source
from tests.factories.leads import ActionTypeFactory, ProductFactory, QuarantinedItemFactory, SourceFactory
from tests.factories.people import with_role
from tests.shared import INTAKE_CASES, needs_cases

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)


@pytest.fixture
def source(db: None) -> Source:
    ActionTypeFactory.create(code="page_view")
    ProductFactory.create(sku="TZ-101", customer__code="TERRAZZA")
    return SourceFactory.create(code="web")


def send(source: Source, body: bytes) -> Receipt:
    return receive(source, body=body, content_type="application/json", received_at=NOW)


def faults(receipt: Receipt) -> list[tuple[str, str]]:
    results = [result for lead in receipt.results for result in (lead, *lead.actions)]
    return [(result.fault.code, result.pointer + result.fault.pointer) for result in results if result.fault]


def case(name: str) -> bytes:
    return (INTAKE_CASES / name).read_bytes()


# --- Duplicate members -----------------------------------------------------------------------------------


@needs_cases
def test_actions_written_twice_wait_with_both_lists(source: Source):
    receipt = send(source, case("dup_key_actions.json"))

    assert faults(receipt) == [("duplicate_member", "/actions"), ("lead_quarantined", "/actions/0")]
    kept = QuarantinedItem.objects.get().content
    assert ([each["id"] for each in kept["actions"]], [each["id"] for each in kept["actions (2)"]]) == (["A1"], ["A2"])
    assert not Lead.objects.exists()


@needs_cases
def test_a_duplicate_quantity_affects_only_its_action(source: Source):
    receipt = send(source, case("dup_key_quantity.json"))

    assert faults(receipt) == [("duplicate_member", "/actions/0/quantity")]
    assert (Lead.objects.get().external_id, Action.objects.exists()) == ("dup2", False)
    assert QuarantinedItem.objects.get().content["actions"][0]["quantity (2)"] == 100


@needs_cases
def test_an_envelope_with_two_lists_of_leads_is_refused(source: Source):
    with pytest.raises(DuplicateMember) as refusal:
        send(source, case("dup_key_leads.json"))

    assert (refusal.value.http_status, refusal.value.facts) == (400, {"pointer": "/leads"})


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{"id": 1, "id": 2}', "/id"),
        ('{"id" : 1, "attributes": {"a": 1, "b" :2, "a"\n:3}}', "/attributes/a"),
        ('{"id": 1, "attributes": {"x": [{"~/": 1, "~/": 1}]}}', "/attributes/x/0/~0~1"),
        ('{"id": 1, "i\\u0064": 2}', "/id"),
        ('{"id": 1, "attributes": {"\\u0022:": 1, "a": 1, "a": 1}}', "/attributes/a"),
        ('{"id": 1, "attributes": {"\\u0022\\u003a": 1, "a": 1, "a": 1}}', "/attributes/a"),
        ('{"id": 1, "attributes": {"": 1, "": 1}}', "/attributes/"),
    ],
)
def test_a_duplicate_member_is_found_however_it_is_written(body: str, pointer: str):
    [placed] = read_parcel(body.encode()).items

    assert isinstance(placed.item, Flawed)
    assert placed.item.fault is not None
    assert (placed.item.fault.code, placed.item.fault.pointer) == ("duplicate_member", pointer)


names = st.text(st.sampled_from('ab":\\ \t/é'), max_size=3)
values = st.recursive(
    st.none() | st.integers() | names, lambda part: st.lists(part) | st.lists(st.tuples(names, part)), max_leaves=12
)


@given(value=values, spaced=st.booleans(), escaped=st.booleans())
def test_exactly_the_duplicate_members_are_found(value: Any, spaced: bool, escaped: bool):
    """Write lists of pairs as objects, including repeated names."""
    repeats = False

    def written(part: Any) -> str:
        nonlocal repeats
        if isinstance(part, list) and part and all(isinstance(each, tuple) for each in part):
            found = [name for name, _ in part]
            repeats = repeats or len(set(found)) < len(found)
            colon = " : " if spaced else ":"
            members = (f"{json.dumps(name, ensure_ascii=escaped)}{colon}{written(each)}" for name, each in part)
            return "{" + ",".join(members) + "}"
        if isinstance(part, list):
            return "[" + ",".join(written(each) for each in part) + "]"
        return json.dumps(part, ensure_ascii=escaped)

    body = written(value).encode()

    assert decode_json(body).has_repeats == repeats


def test_each_repeat_is_looked_up_a_few_times_however_many_there_are():
    looked_up = 0

    class Counted(str):
        __slots__ = ()

        def __hash__(self) -> int:
            nonlocal looked_up
            looked_up += 1
            return super().__hash__()

        def __format__(self, how: str) -> str:
            return Counted(super().__format__(how))

    item = Repeats([(Counted("a"), place) for place in range(1_000)])

    assert [*list(item)[:3], list(item)[-1]] == ["a", "a (2)", "a (3)", "a (1000)"]
    assert looked_up < 10_000


# --- An item that can't be read ---------------------------------------------------------------------------


@needs_cases
def test_half_a_surrogate_pair_affects_only_its_item(source: Source):
    receipt = send(source, case("lone_surrogate.json"))

    assert [(result.id, result.outcome) for result in receipt.results] == [("ok1", "created"), ("s1", "quarantined")]
    assert faults(receipt) == [("item_malformed", "/1")]
    assert QuarantinedItem.objects.get().message == r"The escape \ud83d is only half of a surrogate pair, at byte 79."


@needs_cases
def test_nesting_too_deep_to_be_read_affects_only_its_item(source: Source):
    receipt = send(source, case("deep_1000.json"))

    assert [(result.id, result.outcome) for result in receipt.results] == [("ok2", "created"), ("d1", "quarantined")]
    assert faults(receipt) == [("nested_too_deeply", "/1")]


def test_a_byte_of_another_encoding_affects_only_its_item(source: Source):
    good, bad = (
        b'{"id": "%s", "product": {"sku": "TZ-101"}, "campaign": "caf%s"}' % pair
        for pair in ((b"1", b""), (b"2", b"\xe9"))
    )

    receipt = send(source, b'{"batch_id": "B", "leads": [%s, %s, %s]}' % (bad, good, bad.replace(b'"2"', b'"3"')))

    assert [(result.id, result.outcome) for result in receipt.results] == [
        ("2", "quarantined"),
        ("1", "created"),
        ("3", "quarantined"),
    ]
    assert faults(receipt) == [("item_malformed", "/leads/0"), ("item_malformed", "/leads/2")]
    kept = QuarantinedItem.objects.order_by("pk")[0]
    assert (kept.message, kept.content["campaign"]) == ("This is not UTF-8: the byte 0xE9, at byte 58.", "caf\ufffd")


def test_a_lead_by_itself_that_cannot_be_read_waits_too(source: Source):
    assert faults(send(source, b'{"id": "1", "campaign": "\\udc00"}')) == [("item_malformed", "")]


def test_a_line_that_cannot_be_read_waits_with_what_can_be_read_of_it(source: Source):
    receipt = receive(
        source, body=b'{"id": "1", "campaign": "\xe9"}\n', content_type="application/x-ndjson", received_at=NOW
    )

    assert (receipt.results[0].id, faults(receipt)) == ("1", [("item_malformed", "/1")])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'[{"id": 1}, {"id": "\\ud83d",}]', r"The escape \ud83d is only half of a surrogate pair, at byte 20."),
        (b'[{"id": 1},', "This is not JSON: Input data was truncated"),
        (b'[{"id": 1}, {"id": 2,}]', "This is not JSON: JSON is malformed: trailing comma in object (byte 21)"),
        (b'{"leads": [{"id": 1}], "batch_id": "\xff"}', "This is not UTF-8: the byte 0xFF, at byte 36."),
        (b"[" * 5_000, "Objects and lists are nested more than 16 levels deep."),
        (b'"' + b'\\"' * 100_000, "This is not JSON: Input data was truncated"),
    ],
)
def test_invalid_json_is_refused_as_a_whole_with_a_precise_message(body: bytes, words: str):
    with pytest.raises(BodyNotReadable) as refusal:
        read_parcel(body)

    assert str(refusal.value) == words


@given(
    items=st.lists(st.recursive(names, st.lists) | st.dictionaries(names, names), min_size=1),
    broken=st.integers(min_value=0),
    is_envelope=st.booleans(),
)
def test_beside_an_item_that_cannot_be_read_every_other_is_as_it_was(items: list[Any], broken: int, is_envelope: bool):
    place = broken % len(items)
    texts = [json.dumps(item, ensure_ascii=False) for item in items]
    texts[place] = '{"id": "\\ud800"}'
    body = f"[{' , '.join(texts)}]"

    parcel = read_parcel((f'{{"batch_id": "[,", "leads": {body}, "sent_at": null}}' if is_envelope else body).encode())

    found = [item for _, item in parcel.items]
    assert isinstance(found[place], Flawed)
    assert found[:place] + found[place + 1 :] == items[:place] + items[place + 1 :]


@pytest.mark.parametrize("content_type", ["application/json", "application/x-ndjson"])
def test_items_are_counted_before_each_of_them_is_read(content_type: str):
    separator, around = (b",", (b"[", b"]")) if content_type == "application/json" else (b"\n", (b"", b""))
    too_many = around[0] + separator.join([b"this cannot be read"] * (limits.LEADS + 1)) + around[1]

    with pytest.raises(limits.TooManyItems) as refusal:
        open_parcel(too_many, content_type)

    assert str(refusal.value) == "A delivery has at most 5,000 leads; this one has 5,001. Send it in parts."


# --- Fixed in the admin by the same reader -----------------------------------------------------------------


@needs_cases
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("repair_surrogate.txt", r"The escape \ud800 is only half of a surrogate pair, at byte 80."),
        (
            "repair_huge_exponent.txt",
            "Numbers can have at most 300 digits, before and after the decimal point. (number_too_large)",
        ),
        ("repair_deep.txt", "Objects and lists are nested more than 16 levels deep."),
        ("repair_nan.txt", "This is not JSON: JSON is malformed: invalid character (byte 79)"),
    ],
)
def test_a_person_may_not_type_what_no_source_may_send(client: Client, source: Source, name: str, words: str):
    client.force_login(with_role("Operations"))
    item = QuarantinedItemFactory.create(source=source, content={"id": None})

    address, typed = reverse("admin:leads_quarantineditem_retry", args=[item.pk]), case(name).decode().strip()
    asked = client.post(address, {"content": typed})
    response = client.post(address, {"content": typed, "seen": asked.context.get("seen", "")})

    errors = [*response.context["form"].errors.values()]
    assert (response.status_code, [str(each) for each in errors[0]]) == (200, [words])
    assert not Lead.objects.exists()


def test_a_member_typed_twice_is_reported(client: Client, source: Source):
    client.force_login(with_role("Operations"))
    item = QuarantinedItemFactory.create(source=source, content={"id": "rs"})

    response = client.post(
        reverse("admin:leads_quarantineditem_retry", args=[item.pk]), {"content": '{"id": 1, "id": 2}'}
    )

    assert response.context["form"].errors == {"content": ["The member 'id' appears twice. See /id."]}


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b'{"id": "1", "campaign": "\\udc00"}', b'{"id": "1", "consent": {"a": 1, "a": 2}}'])
def test_what_is_kept_otherwise_than_it_was_sent_is_not_stored_untouched(source: Source, body: bytes):
    send(source, body.replace(b'"1"', b'"1", "product": {"sku": "TZ-101"}'))
    item = QuarantinedItem.objects.get()

    with pytest.raises(StillRefused):
        repair(item, content=item.content, by=None, at=NOW)
    assert not Lead.objects.exists()

    repair(item, content=item.content, by=None, at=NOW, by_hand=True)
    assert Lead.objects.get().external_id == "1"


# --- Times and amounts ------------------------------------------------------------------------------------


@needs_cases
def test_the_last_instant_of_a_month_stays_in_it_however_fine_it_is_written(source: Source):
    send(source, case("rounding_month_end.json"))

    stored = Action.objects.get()
    assert (stored.occurred_at, stored.period.label) == (datetime(2026, 10, 31, 23, 59, 59, 999999, UTC), "2026-10")


@pytest.mark.parametrize("plain", [True, False], ids=["in one step", "part by part"])
@pytest.mark.parametrize("fraction", ["9999999", "999999999", "99999949", "0000009"])
def test_a_fraction_of_a_second_is_cut_and_never_rounded(source: Source, plain: bool, fraction: str):
    lead = {
        "id": "L" if plain else "Ł",
        "product": {"sku": "TZ-101"},
        "occurred_at": f"2026-10-31T23:59:59.{fraction}Z",
        "actions": [{"id": "A", "type": "page_view", "occurred_at": f"2026-10-31T23:59:59.{fraction}Z"}],
    }

    send(source, json.dumps(lead).encode())

    cut = datetime(2026, 10, 31, 23, 59, 59, int(fraction[:6]), UTC)
    assert (Lead.objects.get().occurred_at, Action.objects.get().occurred_at) == (cut, cut)


def test_a_refused_action_counts_to_the_month_of_its_time_as_it_is_cut_whatever_its_offset(source: Source):
    def action(id_: str, at: str) -> dict[str, str]:
        return {"id": id_, "type": "nobody_knows", "occurred_at": at}

    actions = [action("A", "2026-10-31T23:59:59.9999999Z"), action("B", "2026-11-01T23:59:59-23:59")]
    send(source, json.dumps({"id": "L\0", "product": {"sku": "TZ-101\0"}, "actions": actions[:1]}).encode())
    send(source, json.dumps({"id": "L", "product": {"sku": "TZ-101"}, "actions": actions}).encode())

    assert [item.months for item in QuarantinedItem.objects.order_by("pk")] == [["2026-10"], ["2026-10"], ["2026-11"]]


def test_a_time_that_a_mapping_puts_together_is_cut_too(source: Source, tmp_path: Path):
    at = "join('', ['2026-10-31T23:59:59.', Fraction, 'Z'])"
    mapping = {"fields": {"id": "Id", "occurred_at": at, "product.sku": {"constant": "TZ-101"}}}
    (tmp_path / "x.json").write_text('[{"Id": 1, "Fraction": "9999999"}]')
    [part] = LeadsFile(tmp_path / "x.json", Converter([read_document(mapping)])).parts()

    receive_part(source, part)

    assert Lead.objects.get().occurred_at == datetime(2026, 10, 31, 23, 59, 59, 999999, UTC)


def receive_part(source: Source, part: Any) -> None:
    receive(source, parcel=Parcel(part.items), body=part.body, content_type=part.content_type, received_at=NOW)


@needs_cases
def test_a_quantity_is_spelled_as_the_openapi_document_says(source: Source):
    receipt = send(source, case("quantity_spellings.json"))

    assert faults(receipt) == [
        ("quantity_invalid", "/actions/0/quantity"),
        ("quantity_invalid", "/actions/1/quantity"),
    ]


@pytest.mark.parametrize("amount", ["1_000", "٣", "３", "+5", " 3 ", "1e3", ".5", "5.", "-1", "", "12\n", "0x1", "1,5"])
@pytest.mark.parametrize("name", ["quantity", "value"])
def test_no_other_spelling_of_an_amount_is_taken(source: Source, amount: str, name: str):
    action = {"id": "A", "type": "page_view", "occurred_at": "2026-10-31T23:59:59Z", name: amount}
    lead = {"id": "L", "product": {"sku": "TZ-101"}, "actions": [action]}

    receipt = send(source, json.dumps(lead).encode())

    [(code, pointer)] = faults(receipt)
    assert (code in {f"{name}_invalid", "member_invalid"}, pointer) == (True, f"/actions/0/{name}")


def test_a_time_ahead_of_our_clock_says_both_times(source: Source):
    lead = {"id": "L", "product": {"sku": "TZ-101"}, "occurred_at": "2026-11-28T11:00:00+01:00"}

    receipt = send(source, json.dumps(lead).encode())

    fault = receipt.results[0].fault
    assert fault is not None
    assert (fault.code, fault.message) == (
        "occurred_in_the_future",
        "2026-11-28T10:00:00Z is in the future: it was received at 2026-11-28T09:00:00Z."
        " Check your clock and the UTC offset.",
    )
