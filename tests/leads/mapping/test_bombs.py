"""A mapping can't take a worker's time or memory: a few characters that double a list again and again are refused."""

import resource
import time
from typing import Any

import pytest

from leads.domain.body.parse import read_parcel
from leads.domain.faults import Malformed
from leads.domain.mapping.language.converter import Converter
from leads.domain.mapping.language.read import read_document
from leads.queries.mapping_preview import preview
from tests.leads.hooks.calls import AT

RECORD: dict[str, Any] = {"id": "1", "items": [{"a": number, "b": "x" * 5} for number in range(1_000)]}
ACTION = {"id": "item.a", "type": {"constant": "t"}, "occurred_at": {"constant": "2026-10-05T10:00:00Z"}}
BOMBS = {
    "objects that double": "|".join(["{a:@,b:@}"] * 16),
    "lists that double": "|".join(["[@,@]"] * 16),
    "lists that double and are laid flat": "items|" + "|".join(["[@,@][]"] * 16),
}
SQUARES = ("length(record.items[*].a)", "record.items[?a==`5`]|[0].a", "sort(record.items[*].a)|[0]")
MEGABYTES = 150


def held() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@pytest.mark.parametrize("name", BOMBS)
def test_an_expression_that_builds_too_much_is_a_fault_of_its_record(name: str) -> None:
    document = {"fields": {"id": "id", "attributes.x": BOMBS[name]}}
    began, memory = time.monotonic(), held()

    [placed] = Converter([read_document(document)]).convert(RECORD, place="/1")
    shown = preview(document, read_parcel(b'{"id": "1", "items": [1, 2, 3]}').items * 3, source=None, at=AT)

    assert isinstance(placed.item, Malformed)
    assert (
        placed.item.fault.code,
        "steps for one record" in placed.item.fault.message or "parts" in placed.item.fault.message,
    ) == (
        "expression_failed",
        True,
    )
    assert shown.records == 3
    assert (time.monotonic() - began < 60, held() - memory < MEGABYTES) == (True, True)


@pytest.mark.parametrize("expression", SQUARES)
def test_a_list_that_each_of_its_parts_walks_again_ends(expression: str) -> None:
    document = {"fields": {"id": "id"}, "actions": [{"each": "items", "fields": ACTION | {"attributes.n": expression}}]}

    [placed] = Converter([read_document(document)]).convert(RECORD, place="/1")

    assert isinstance(placed.item, Malformed)


def test_the_next_record_has_all_its_steps_again() -> None:
    heavy = {"fields": {"id": "id", "attributes.x": "length(" + "|".join(["[@,@]"] * 16) + "[]" * 16 + ")"}}
    converter = Converter([read_document(heavy)])

    found = [converter.convert({"id": str(number)}, place="/1")[0].item for number in range(12)]

    assert [isinstance(each, Malformed) for each in found] == [False] * 12


def test_usual_lists_are_far_from_the_limit() -> None:
    document = {
        "fields": {"id": "id"},
        "actions": [{"each": "items", "fields": ACTION | {"id": "join('-', [record.id, item.a])"}}],
    }
    many = {"id": "1", "items": [{"a": number} for number in range(20_000)]}

    [placed] = Converter([read_document(document)]).convert(many, place="/1")

    assert len(placed.item["actions"]) == 20_000
