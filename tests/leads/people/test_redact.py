"""A redaction changes the person's places and nothing else, in every form a source may send."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.domain.mapping.language.converter import Converter
from leads.domain.mapping.language.read import read_document
from leads.domain.people.leaves import leaves, replaced
from leads.domain.people.person import Person
from leads.domain.people.redact import Redactor
from tests.leads.people.conftest import MAPPING, MARKER, OTHER, lead

PERSON = Person(
    keys=frozenset({"mara.kerzinski@marker.example"}),
    emails=frozenset({MARKER["email"]}),
    phones=frozenset({MARKER["phone"]}),
    names=frozenset({MARKER["name"]}),
)
TABLE = (
    "Lead;SKU;Name;Mail;Land;When;Memo\r\n"
    '1;TILE;"Kerzinski; Mara";Mara.Kerzinski@MARKER.example;US;2026-10-06;"call ""her"""\r\n'
    '2;TILE;"Ander; Otto";otto@other.example;US;2026-10-06;"keeps ""all"""\r\n'
    "3;TILE;broken row of mara.kerzinski@marker.example\r\n"
)


def redacted(body: str, kind: str = "application/json", **more: Any) -> str:
    return Redactor(PERSON, **more).body(body.encode(), kind).decode()


MAIL = "mara.kerzinski@marker.example"
LISTED = '{"leads":[{"id":"b","contact":{"email":"o@o.example","name":"Mara Kerzinski"}},{"id":"L-1","contact":{"name":"%s"}}]}'
ESCAPED = '{"id":"a","contact":{"email":"%s"},"actions":[{"id":"x","attributes":{"by":"%s"}}]}'
FORMS: dict[str, tuple[str, str]] = {
    "another": (json.dumps(lead("L-2", contact=OTHER)), json.dumps(lead("L-2", contact=OTHER))),
    "nobody": ('[{"id":1,"value":1.10,"note":"x"}]', '[{"id":1,"value":1.10,"note":"x"}]'),
    "plus-tag": (
        '{"id":"a","contact":{"email":"Mara.Kerzinski+x@marker.example"},"value":1.10}',
        '{"id":"a","contact":{"email":"[erased]"},"value":1.10}',
    ),
    "phone": (
        '{"id":"a","contact":{"phone":"+1 415-555-0123","country":"US"}}',
        '{"id":"a","contact":{"phone":"[erased]","country":"US"}}',
    ),
    "by-lead": (LISTED % "M", LISTED % "[erased]"),
    "damaged": (
        f'{{"id": "a", "contact": {{"email": "{MAIL}", "name": Mara',
        '{"id": "a", "contact": {"email": "[erased]", "name": Mara',
    ),
    "escaped": (ESCAPED % ("mara.kerzinski\\u0040marker.example", "M"), ESCAPED % ("[erased]", "[erased]")),
    "elsewhere": (
        f'{{"id":"a","campaign":"for {MAIL}","contact":{{}}}}',
        '{"id":"a","campaign":"for [erased]","contact":{}}',
    ),
}


@pytest.mark.parametrize(("sent", "left"), FORMS.values(), ids=FORMS)
def test_json_keeps_every_other_byte(sent: str, left: str) -> None:
    assert redacted(sent, leads=("L-1",)) == left


def test_lines_are_redacted_one_by_one() -> None:
    other = json.dumps(lead("L-2", contact=OTHER))
    body = f'{other}\n\n{{"id":"a","contact":{{"email":"mara.kerzinski@marker.example"}}}}\nnot json\n'

    left = redacted(body, "application/x-ndjson")

    assert left == f'{other}\n\n{{"id":"a","contact":{{"email":"[erased]"}}}}\nnot json\n'


def test_rows_keep_what_the_mapping_uses_for_billing_and_lose_the_rest() -> None:
    assert redacted(TABLE, "text/csv", converter=Converter([read_document(MAPPING)])) == (
        "Lead;SKU;Name;Mail;Land;When;Memo\r\n"
        "1;TILE;[erased];[erased];US;2026-10-06;[erased]\r\n"
        '2;TILE;"Ander; Otto";otto@other.example;US;2026-10-06;"keeps ""all"""\r\n'
        "3;TILE;broken row of [erased]\r\n"
    )


def test_bytes_that_are_no_text_come_back_as_they_were() -> None:
    body = b'{"id":"a","contact":{"email":"mara.kerzinski@marker.example"},"campaign":"\xff\xfe"}'

    left = Redactor(PERSON).body(body, "application/json")

    assert left == body.replace(b"mara.kerzinski@marker.example", b"[erased]")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(value=VALUES, indent=st.none() | st.integers(0, 2))
def test_every_leaf_is_found_and_putting_it_back_changes_nothing(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)

    found = leaves(text)

    assert replaced(text, [(leaf, text[leaf.start : leaf.end]) for leaf in found]) == text
    assert [json.loads(text[leaf.start : leaf.end]) for leaf in found] == list(_flat(value))


def _flat(value: Any) -> Any:
    if isinstance(value, dict):
        for each in value.values():
            yield from _flat(each)
    elif isinstance(value, list):
        for each in value:
            yield from _flat(each)
    else:
        yield value
