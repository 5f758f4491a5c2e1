"""Attacks by the program of a customer: odd bodies and values, and what is masked."""

import json
from base64 import b64encode
from typing import Any

import pytest

from leads.domain.memberships.portal import show_contacts
from leads.models import Customer
from receivables.models import Dispute
from tests.factories.leads import LeadFactory
from tests.factories.people import superuser
from tests.portal.api.made import API, Program, a_key
from tests.portal.rows import rows_of
from tests.portal.test_isolation import ids_in

pytestmark = pytest.mark.django_db
DEEP = "[" * 200_000
BODIES = (
    DEEP,
    f'{{"reason": "duplicate", "charges": {DEEP}',
    '{"reason": "duplicate", "charges": 1e999}',
    '{"reason": "duplicate", "charges": [NaN]}',
    f'{{"reason": "duplicate", "charges": [{"9" * 5_000}]}}',
    '{"reason": "duplicate\\u0000", "charges": ["x"]}',
    '{"reason": "duplicate", "charges": ["x\\u0000"], "words": "\\ud800"}',
    '{"reason": "duplicate", "line": "\\u0000"}',
    "\x00",
    "null",
    "[]",
    '"x"',
)


@pytest.fixture
def ids(northlight: Customer) -> dict[str, str]:
    return ids_in(northlight, rows_of(northlight))


def test_a_body_of_another_kind_is_refused_and_opens_nothing(northlight: Customer, ids: dict[str, str]) -> None:
    program = Program(a_key(northlight))
    asked: Any = {"content_type": "application/json", "headers": program.headers}

    for path in ("disputes", f"disputes/{ids['dispute']}/answer"):
        found = [program.client.post(API + path, body.encode(), **asked).status_code for body in BODIES]
        assert [each for each in found if not 400 <= each < 500] == [], path

    assert Dispute.objects.count() == 1


def test_a_file_by_the_api_is_held_to_the_same_rules(northlight: Customer, ids: dict[str, str]) -> None:
    program = Program(a_key(northlight))
    page = b64encode(b"<html><script>").decode()
    for name, content in (("a.html", page), ("a.pdf", page), ("a\0.txt", page), ("../a.txt", page), ("a.txt", "!")):
        answer = program.post(f"disputes/{ids['dispute']}/answer", {"files": [{"name": name, "content": content}]})
        assert 400 <= answer.status_code < 500, name

    assert Dispute.objects.get().steps.count() == 1


def test_odd_values_in_addresses_are_no_error_of_the_program(northlight: Customer, ids: dict[str, str]) -> None:
    program = Program(a_key(northlight))
    paths = ("invoices", "activity", "actions", "open-items", "statement", "prices", "disputes")
    parts = ("after", "limit", "state", "days", "group", "product", "outcome", "first", "last", "day", "currency")
    odd = ("\0", "9" * 30, "0001-01-01", "9999-12-31", "é" * 22, "-1", "")

    found = {
        (path, part, text): program.get(path, **{part: text}).status_code
        for path in paths
        for part in parts
        for text in odd
    }

    assert {key: status for key, status in found.items() if status >= 500} == {}


def test_an_id_that_is_an_address_is_masked_like_one(northlight: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LeadFactory.external_id, "function", lambda number: f"maren{number}@studio-arden.example")
    ids, program = ids_in(northlight, rows_of(northlight)), Program(a_key(northlight))
    paths = [
        f"lines/{ids['line']}/charges",
        f"charges/{ids['charge']}",
        "actions",
        f"disputes/{ids['dispute']}",
        f"invoices/{ids['invoice']}/charges.csv",
    ]

    def said() -> list[str]:
        answers = [
            program.get(path, **({"days": "2026-10-01..2026-10-31"} if path == "actions" else {})) for path in paths
        ]
        return [
            (b"".join(each.streaming_content) if each.streaming else json.dumps(each.json()).encode()).decode()
            for each in answers
        ]

    assert [path for path, words in zip(paths, said(), strict=True) if "maren" in words] == []
    show_contacts(northlight, shown=True, by=superuser(), reason="Agreed")
    assert [path for path, words in zip(paths, said(), strict=True) if "maren" not in words] == []
