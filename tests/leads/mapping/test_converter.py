"""A converter turns records into leads, or says which field, value and format kept it from doing so."""

from decimal import Decimal
from typing import Any

import pytest

from leads.domain.body.parcel import Placed
from leads.domain.faults import Fault, Flawed, Malformed
from leads.domain.mapping.language.converter import Converter
from leads.domain.mapping.language.read import read_document
from tests.leads.mapping.test_documents import WHOLE


def converter(*documents: dict[str, Any]) -> Converter:
    return Converter([read_document(each) for each in documents])


def fields(**given: Any) -> dict[str, Any]:
    return {"fields": {"id": {"constant": "L"}} | {name.replace("__", "."): each for name, each in given.items()}}


def lead(mapping: dict[str, Any], record: Any) -> Any:
    [placed] = converter(mapping).convert(record, place="/1")
    assert placed.pointer == "/1"
    return placed.item


def fault(mapping: dict[str, Any], record: Any) -> tuple[str, str, str]:
    item = lead(mapping, record)
    assert (type(item), item.content) == (Malformed, record)
    return tuple(item.fault)


# --- Records that become leads ----------------------------------------------------------------------------


def test_a_record_becomes_a_lead_with_an_action_for_each_part_of_a_list():
    events = [
        {"id": 1, "kind": "View", "at": "31.10.2026 17:41", "count": "1.000,5"},
        {"id": 2, "kind": "View", "at": "01.11.2026", "count": "0"},
        {"id": 3.0, "kind": "View", "at": "01.11.2026", "count": 2.0},
    ]
    record = {"kind": "form", "id": 17, "answers": {"email": " a@b.example "}, "hall": "Hall B", "events": events}

    assert lead(WHOLE, record) == {
        "id": "fair-17",
        "product": {"sku": "TZ-101"},
        "contact": {"email": "a@b.example"},
        "attributes": {"hall": "hall_b"},
        "actions": [
            {
                "id": "1",
                "type": "page_view",
                "occurred_at": "2026-10-31T17:41:00+01:00",
                "quantity": Decimal("1000.5"),
                "attributes": {"form": "form"},
            },
            {
                "id": "3",
                "type": "page_view",
                "occurred_at": "2026-11-01T00:00:00+01:00",
                "quantity": 2,
                "attributes": {"form": "form"},
            },
        ],
    }
    assert lead(WHOLE, {"kind": "form", "id": "1", "canceled": "by the visitor"})["actions"] == [
        {"id": "A-1", "void": {"reason": "by the visitor"}}
    ]


@pytest.mark.parametrize("given", [{}, {"a": None}, {"a": ""}, {"a": "  "}, {"a": []}, {"a": {}}])
def test_a_default_takes_the_place_of_what_is_missing_null_or_empty(given: dict[str, Any]):
    assert lead(fields(channel={"from": "a", "default": "website"}), given) == {"id": "L", "channel": "website"}
    assert lead(fields(channel="a"), given) == {"id": "L"}


@pytest.mark.parametrize("value", [False, 0, "0"])
def test_a_default_never_takes_the_place_of_false_or_zero(value: Any):
    assert lead(fields(attributes__a={"from": "a", "default": "x"}), {"a": value})["attributes"] == {"a": value}


def test_a_value_map_refuses_keeps_or_replaces_what_it_does_not_have():
    def mapped(otherwise: str, value: Any) -> Any:
        values = {"from": "a", "values": {"Neu": "new", "1": "one"}, "else": otherwise, "default": "other"}
        return lead(fields(campaign=values), {"a": value})

    assert mapped("keep", "Neu")["campaign"] == "new"
    assert mapped("keep", 1)["campaign"] == "one"
    assert mapped("keep", "Alt")["campaign"] == "Alt"
    assert mapped("default", "Alt")["campaign"] == "other"
    assert mapped("refuse", "Alt").fault == (
        "value_unknown",
        "/a",
        "campaign (from a): 'Alt' is not in the value map, which has '1', 'Neu'.",
    )


def test_attributes_keep_what_they_find_with_exact_numbers():
    mapping = fields(attributes__all="@", attributes__n={"from": "n", "number": "point"})

    assert lead(mapping, {"n": 0.1, "list": [{"x": None}]})["attributes"] == {
        "all": {"n": Decimal("0.1"), "list": [{"x": None}]},
        "n": Decimal("0.1"),
    }


def test_a_product_without_a_sku_is_left_out():
    mapping = fields(product__sku="sku", product__customer={"constant": "TERRAZZA"})

    assert lead(mapping, {}) == {"id": "L"}
    assert lead(mapping, {"sku": "T"}) == {"id": "L", "product": {"sku": "T", "customer": "TERRAZZA"}}


# --- Several leads, several mappings ----------------------------------------------------------------------


def test_one_record_gives_several_leads_and_a_fault_of_one_spares_the_others():
    mapping = {"leads_from": "entry[].changes[].value", "fields": {"id": "item.id", "campaign": "record.page"}}
    record = {
        "page": "P",
        "entry": [{"changes": [{"value": {"id": 1}}, {"value": {}}]}, {"changes": [{"value": {"id": 2}}]}],
    }

    assert converter(mapping).convert(record, place="/3") == [
        Placed("/3/0", {"id": "1", "campaign": "P"}),
        Placed(
            "/3/1",
            Malformed(
                record,
                Fault(
                    "value_missing",
                    "",
                    "Lead 2 of the record: id (from item.id): nothing is there, and there is no default.",
                ),
            ),
        ),
        Placed("/3/2", {"id": "2", "campaign": "P"}),
    ]


def test_a_condition_tells_the_mappings_of_a_source_apart():
    some = converter({"when": "type == 'call'", "fields": {"id": "call"}}, {"when": "lead", "fields": {"id": "lead"}})

    assert [some.convert(each, place="")[0].item for each in ({"type": "call", "call": 1}, {"lead": 2})] == [
        {"id": "1"},
        {"id": "2"},
    ]
    [placed] = some.convert({"type": "event"}, place="/9")
    assert placed.item.fault == (
        "mapping_has_no_match",
        "",
        "No mapping of this source fits the record: none of their conditions holds.",
    )
    assert some.matched == [1, 1]
    assert some.columns == ["type", "call", "lead"]
    assert [some.missing(["type", "call"]), some.missing(["lead"]), some.missing(["type"])] == [[], [], ["call"]]


# --- Records that don't -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mapping", "record", "told"),
    [
        (
            fields(contact__email="a.b"),
            {"a": {"b": [{"c": 1}]}},
            ("value_unreadable", "/a/b", "contact.email (from a.b): a list is there instead of text."),
        ),
        (
            fields(occurred_at={"from": "When", "date": "day_first"}, contact__name="Name"),
            {"When": "10/31/2026"},
            (
                "value_unreadable",
                "/When",
                "occurred_at (from When): '10/31/2026' is not a time in the format day first (31.10.2026 17:41).",
            ),
        ),
        (
            {"fields": {"id": "id"}},
            {"id": 1234567890123456},
            (
                "value_unreadable",
                "/id",
                "id (from id): '1234567890123456' has more than 15 digits as a number, so its last digits may be wrong;"
                " send it as text.",
            ),
        ),
        (
            {"fields": {"id": "a.id"}},
            {"a": [{"id": 1}]},
            ("value_missing", "/a/id", "id (from a.id): nothing is there, and there is no default."),
        ),
        (
            fields(channel="a") | {"when": "visits > `2`"},
            {"visits": "3"},
            (
                "expression_failed",
                "",
                "In the condition of the mapping, visits > `2` can't be evaluated: the text '3' can't be compared with the"
                " number '2'.",
            ),
        ),
        (
            {"leads_from": "leads", "fields": {"id": "item"}},
            {"leads": []},
            ("value_missing", "", "The record has no leads where the mapping looks for them."),
        ),
        (
            {"leads_from": "leads", "fields": {"id": "item"}},
            {"leads": {"1": 1}},
            ("value_unreadable", "/leads", "leads (leads_from) must find a list; there is something else."),
        ),
        (
            {"leads_from": "leads", "fields": {"id": "item"}},
            {"leads": [1] * 5_001},
            (
                "mapping_gives_too_much",
                "/leads",
                "One record gives at most 5,000 leads and 20,000 actions; this one gives more.",
            ),
        ),
        ({"fields": {"id": "id"}}, ["1"], ("not_an_object", "", "A record must be a JSON object.")),
    ],
    ids=["list", "date", "digits", "array", "compare", "none", "no-list", "many", "row"],
)
def test_a_record_that_cannot_be_converted_is_kept_with_its_fault(
    mapping: dict[str, Any], record: Any, told: tuple[str, str, str]
):
    assert fault(mapping, record) == told


def test_a_fault_inside_a_list_is_told_with_its_place_there():
    record = {"kind": "form", "id": 1, "events": [{"id": 1, "kind": "View", "at": "1.1.2026", "count": "x"}]}

    assert fault(WHOLE, record) == (
        "value_unreadable",
        "/events/0/count",
        "quantity of action 1 (from item.count): 'x' is not a number with a decimal comma, such as 1.234,56.",
    )


def test_a_record_that_was_read_with_a_fault_keeps_it():
    repeated = Fault("duplicate_member", "/a", "The member 'a' appears twice.")
    unread = Malformed("{", Fault("row_malformed", "", "This is not JSON."))

    assert lead(fields(), Flawed({"a": 1}, repeated)) == Malformed({"a": 1}, repeated)
    assert lead(fields(), unread) == unread


def test_a_record_nested_beyond_measure_is_refused():
    deep: Any = "x"
    for _ in range(5_000):
        deep = [deep]

    assert fault(fields(attributes__a="a"), {"a": deep})[0] == "nested_too_deeply"


# --- Found in k of n --------------------------------------------------------------------------------------


def test_what_the_fields_after_a_fault_find_is_counted_too():
    some = converter(fields(**{"product.sku": {"from": "a", "values": {"x": "y"}}, "contact.email": "mail"}))

    [placed] = some.convert({"id": 1, "a": "unknown", "mail": "a@b.example"}, place="")

    assert placed.item.fault.code == "value_unknown"
    assert [(one.field, one.found, one.of) for one in some.found] == [
        ("product.sku", 1, 1),
        ("contact.email", 1, 1),
    ]


def test_what_each_expression_finds_is_counted():
    some = converter(
        {
            "fields": {
                "id": "id",
                "contact.email": "Mail",
                "contact.phone": "Phone",
                "channel": {"from": "c", "default": "x"},
            },
            "actions": [
                {"each": "events", "fields": {"id": "item.id", "type": "item.type", "occurred_at": "item.at"}},
                {"when": "sold", "fields": {"id": "id", "type": {"constant": "sale"}, "occurred_at": "at"}},
            ],
        }
    )
    event = {"id": 1, "type": "x", "at": "2026-10-31T00:00:00Z"}
    for record in ({"id": 1, "Phone": "1", "events": [event, event]}, {"id": 2}, {"id": 3}):
        some.convert(record, place="")

    assert [(one.field, one.found, one.of, one.is_never_there) for one in some.found] == [
        ("id", 3, 3, False),
        ("channel", 0, 3, False),
        ("contact.email", 0, 3, True),
        ("contact.phone", 1, 3, False),
        ("actions 1: id", 2, 2, False),
        ("actions 1: type", 2, 2, False),
        ("actions 1: occurred_at", 2, 2, False),
        ("actions 2: id", 0, 0, False),
        ("actions 2: occurred_at", 0, 0, False),
    ]
