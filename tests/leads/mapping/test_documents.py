"""A mapping's document is read as a whole: every mistake in it is told, with its place."""

from typing import Any

import msgspec
import pytest

from leads.domain.intake.schema import ActionItem, ContactItem, LeadItem, ProductItem, Void, VoidItem
from leads.domain.mapping.language.read import DocumentNotValid, read_document
from leads.domain.mapping.language.targets import ACTION, FREE_GROUPS, LEAD, VOID

WHOLE: dict[str, Any] = {
    "when": "kind == 'form'",
    "zone": "America/Chicago",
    "fields": {
        "id": {"from": "join('-', ['fair', id])"},
        "product.sku": {"constant": "TZ-101"},
        "contact.email": "answers.email",
        "attributes.hall": {"from": "hall", "text": "slug", "default": "unknown"},
    },
    "actions": [
        {
            "each": "events",
            "when": "item.count",
            "fields": {
                "id": "item.id",
                "type": {"from": "item.kind", "values": {"View": "page_view"}, "else": "refuse"},
                "occurred_at": {"from": "item.at", "date": "day_first", "zone": "Europe/Rome"},
                "quantity": {"from": "item.count", "number": "comma"},
                "attributes.form": "record.kind",
            },
        },
        {"when": "canceled", "fields": {"id": {"constant": "A-1"}, "void.reason": "canceled"}},
    ],
}


def mistakes(content: Any) -> list[tuple[str, str]]:
    with pytest.raises(DocumentNotValid) as refused:
        read_document(content)
    return [tuple(each) for each in refused.value.mistakes]


def with_field(name: str, given: Any) -> dict[str, Any]:
    return {"fields": {"id": "id", name: given}}


def test_the_columns_are_the_names_that_the_expressions_look_up_in_a_record():
    assert read_document(WHOLE).columns() == ["kind", "id", "answers", "hall", "events", "canceled"]


def test_the_identity_of_a_mapping_is_its_ids_and_conditions():
    document = read_document(WHOLE).identity()

    assert [str(field.target) for field in document.fields] == ["id"]
    assert [[str(field.target) for field in each.fields] for each in document.actions] == [
        ["id"],
        ["id", "void.reason"],
    ]
    assert document.columns() == ["kind", "id", "events", "canceled"]


def test_the_fields_are_those_of_the_lead_schema():
    def members(form: type[msgspec.Struct], prefix: str = "") -> set[str]:
        return {prefix + name for name in form.__struct_fields__}

    groups = members(ProductItem, "product.") | members(ContactItem, "contact.")
    assert set(LEAD) == members(LeadItem) - {"product", "contact", "actions", *FREE_GROUPS} | groups
    assert set(ACTION) == members(ActionItem) - {"attributes"}
    assert set(VOID) == members(VoidItem) - {"void"} | members(Void, "void.")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (
            [],
            [
                ("", "A mapping must be a JSON object."),
                ("/fields", "The fields must be an object with at most 200 members."),
            ],
        ),
        ({"fields": {"product.sku": "sku"}}, [("/fields", "The field id is missing.")]),
        (
            {"fields": {"id": "id"}, "actions": [{"fields": {"id": "a"}}]},
            [
                ("/actions/0/fields", "The field type is missing."),
                ("/actions/0/fields", "The field occurred_at is missing."),
            ],
        ),
        (
            with_field("channel", {"from": "a", "constant": "b"}),
            [
                ("/fields/channel", "The field channel needs either an expression (from) or a constant."),
                ("/fields/channel", "The constant of channel must not be empty, and needs nothing else."),
            ],
        ),
        (
            with_field("is_test", {"constant": "perhaps"}),
            [
                ("/fields/is_test/constant", "For is_test: 'perhaps' is neither true nor false."),
                ("/fields/is_test", "The constant of is_test must not be empty, and needs nothing else."),
            ],
        ),
        (
            with_field("occurred_at", {"from": "a", "default": "yesterday"}),
            [
                (
                    "/fields/occurred_at/default",
                    "For occurred_at: 'yesterday' is not a time in the format iso (2026-10-31T17:41:09-05:00).",
                )
            ],
        ),
        (
            with_field("contact.email", {"from": "a", "date": "day_first"}),
            [("/fields/contact.email/date", "A field that holds text has no date format.")],
        ),
        (
            with_field("attributes.a/b", {"from": "a", "number": "point", "text": "slug"}),
            [("/fields/attributes.a~1b", "A field has one format, not number and text.")],
        ),
        (
            with_field("occurred_at", {"from": "a", "date": "pattern"}),
            [
                (
                    "/fields/occurred_at/pattern",
                    "The date format pattern needs a pattern, and no other format has one.",
                )
            ],
        ),
        (
            with_field("channel", {"from": "a", "else": "default"}),
            [
                ("/fields/channel/else", "Only a field with a value map says what else."),
                ("/fields/channel/else", "There is no default to use."),
            ],
        ),
        (
            {"fields": {"id": "a["}, "zone": "Mars", "more": 1},
            [
                ("/more", "A mapping has no member 'more'. It has: when, leads_from, zone, fields, actions."),
                ("/zone", "'Mars' is not a time zone. Use a name such as America/Chicago."),
                (
                    "/fields/id/from",
                    "The expression can't be read to its end. Names such as foo-bar need double quotes.",
                ),
            ],
        ),
    ],
    ids=["list", "id", "action", "both", "flag", "default", "kind", "formats", "pattern", "else", "several"],
)
def test_every_mistake_is_told_with_its_place(content: Any, found: list[tuple[str, str]]):
    assert mistakes(content) == found


def test_an_unknown_field_is_told_with_those_there_are():
    [(pointer, words)] = mistakes(with_field("email", "Mail"))

    assert (pointer, words.partition(".")[0]) == ("/fields/email", "There is no field 'email'")
