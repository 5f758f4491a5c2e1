"""`docs/lead-sources.md` is correct: its requests are sent, its file is imported, its tables are compared with the code."""

import csv
import gzip
import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from time_machine import travel

from leads.domain import limits
from leads.domain.credentials.api_keys import create_key
from leads.domain.credentials.signatures import create_secret
from leads.domain.files.parts import LEADS_AT_A_TIME
from leads.domain.intake.schema import ActionItem, ContactItem, LeadItem, ProductItem, VoidItem
from leads.domain.mapping.language.converter import Converter
from leads.domain.mapping.language.read import read_document
from leads.models import ActionType, BillingPeriod
from leads.models.delivery import OUTCOMES
from pricing.domain.rate.rate import rate
from pricing.rating.exclude import REASONS
from reports.queries.action_state import STATES
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory, SourceMappingFactory
from tests.factories.pricing import PriceRuleFactory
from tests.house.tree import ROOT, codes, table

PAGE = (ROOT / "docs" / "lead-sources.md").read_text(encoding="utf-8")
FORMS = {"lead": LeadItem, "product": ProductItem, "contact": ContactItem, "action": ActionItem, "void": VoidItem}
NUMBERS = ("receipt", "quarantined_item", "action", "rule_id")
ACTION_AS_PRINTED = 4711
LIMIT = re.compile(r"up to (\d+)")


def blocks(kind: str) -> list[str]:
    """Return the fenced blocks whose opening line ends with this word."""
    return re.findall(rf"^```\w+ {kind}\n([\s\S]*?)^```$", PAGE, re.MULTILINE)


@pytest.fixture
def terrazza(db: None) -> None:
    ProductFactory.create(sku="TZ-101", customer__code="TERRAZZA")
    ActionTypeFactory.create(code="sample_order")
    ActionTypeFactory.create(code="page_view")


@travel("2026-11-02T08:00:00Z", tick=False)
def test_every_request_on_the_page_is_answered_as_printed(terrazza: None, client: Client):
    _, key = create_key(SourceFactory.create(code="web"))
    PriceRuleFactory.create(name="Samples", action_type=ActionType.objects.get(code="sample_order"))
    printed = [json.loads(answer) for answer in blocks("answer")]
    requests = [request_of(block) for block in blocks("request")]
    numbers: dict[int, int] = {}  # unchanged

    for (method, path, body, headers), expected in zip(requests, printed, strict=True):
        if method == "GET":
            rate_what_is_open()
        real = re.sub(r"(?<=receipts/)\d+", lambda shown: str(numbers[int(shown[0])]), path)
        answer = client.generic(
            method, real, body, headers=headers | {"Authorization": f"Bearer {key}"}, **typed(headers)
        )
        assert answer.status_code == expected.get("status", 200 if method == "GET" else 202)
        assert numbered(answer.json(), expected, numbers) == expected


def request_of(block: str) -> tuple[str, str, bytes, dict[str, str]]:
    """Return method, path, body and headers of a `curl` on the page; what it pipes through `gzip` is compressed here."""
    [path] = re.findall(r"https://billing\.example(/[^' ]*)", block)
    headers = dict(re.findall(r"--header '([\w-]+): ([^']*)'", block))
    data = re.findall(r"(?:--data|^echo) '([^']*)'", block)
    if not data:
        return "GET", path, b"", headers
    body = data[0].encode()
    return "POST", path, gzip.compress(body) if "| gzip |" in block else body, headers


def typed(headers: dict[str, str]) -> dict[str, str]:
    return {"content_type": headers["Content-Type"]} if "Content-Type" in headers else {}


def rate_what_is_open() -> None:
    for period in BillingPeriod.objects.open():
        rate(period, at=datetime(2026, 11, 2, 8, tzinfo=UTC))


@travel("2026-11-02T08:00:00Z", tick=False)
def test_the_request_in_the_readme_stores_all_it_sends(terrazza: None, client: Client):
    _, key = create_key(SourceFactory.create(code="web"))
    [body] = re.findall(r"-d '([^']*)'", (ROOT / "README.md").read_text(encoding="utf-8"))

    answer = client.post(
        "/api/v1/deliveries",
        data=body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )

    [lead] = answer.json()["results"]
    assert (lead["outcome"], [action["outcome"] for action in lead["actions"]]) == ("created", ["created", "created"])


def test_the_two_ways_to_sign_print_the_signature_on_the_page():
    [shell], [python], [signature] = blocks("sign")[:1], blocks("sign")[1:], blocks("signature")

    answers = [
        subprocess.run([*program, text], capture_output=True, check=True, text=True).stdout
        for program, text in ((["sh", "-c"], shell), ([sys.executable, "-c"], python))
    ]

    assert [answer.strip() for answer in answers] == [signature.strip()] * 2


@travel("2026-11-02T08:30:00Z", tick=False)
def test_the_signed_request_on_the_page_is_taken(terrazza: None, client: Client):
    source = SourceFactory.create(signature_required=True)
    [secret] = set(re.findall(r"whsec_[\w+/]+=*", "".join(blocks("sign"))))
    create_secret(source, given=secret)
    [request] = blocks("signed")
    headers = dict(re.findall(r"--header '(webhook-[a-z]+): (.*)'", request))

    answer = client.post(
        "/api/v1/deliveries",
        data=re.findall(r"--data '([\s\S]*)'", request)[0],
        content_type="application/json",
        headers={"Authorization": f"Bearer {create_key(source)[1]}", **headers},
    )

    assert (len(headers), answer.status_code) == (3, 202)


def test_the_rate_limit_on_the_page_is_that_of_the_settings():
    assert re.findall(r"all its keys together: ([\d,]+) unless", PAGE) == [f"{settings.REQUESTS_PER_MINUTE:,}"]


def numbered(answer: Any, printed: Any, numbers: dict[int, int]) -> Any:
    """Return the response with its IDs, which can't be known beforehand, replaced by the printed ones."""
    if isinstance(answer, dict) and isinstance(printed, dict):
        return {name: _numbered(name, part, printed.get(name), numbers) for name, part in answer.items()}
    if isinstance(answer, list) and isinstance(printed, list) and len(answer) == len(printed):
        return [numbered(one, other, numbers) for one, other in zip(answer, printed, strict=True)]
    return answer


def _numbered(name: str, part: Any, printed: Any, numbers: dict[int, int]) -> Any:
    if name in NUMBERS and isinstance(part, int) and isinstance(printed, int):
        return printed if numbers.setdefault(printed, part) == part else part
    if name == "explanation" and isinstance(part, str):
        return re.sub(r"\d+(?=/explanation)", lambda found: _shown(int(found[0]), numbers), part)
    return numbered(part, printed, numbers)


def _shown(real: int, numbers: dict[int, int]) -> str:
    return next(str(shown) for shown, known in numbers.items() if known == real and shown == ACTION_AS_PRINTED)


@travel("2026-11-02T08:00:00Z", tick=False)
def test_the_file_on_the_page_is_imported_as_printed(
    terrazza: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    [content], [mapping], [output] = blocks("file"), blocks("mapping"), blocks("output")
    SourceMappingFactory.create(source__code="fair", document=json.loads(mapping))
    file = tmp_path / "fair.csv"
    file.write_text(content, encoding="utf-8")

    call_command("import_leads", str(file), source="fair")

    assert capsys.readouterr().out == output


def test_the_mapping_on_the_page_makes_the_lead_that_is_printed():
    [content], [mapping], [lead] = blocks("file"), blocks("mapping"), blocks("lead")
    first = next(csv.DictReader(StringIO(content)))

    [placed] = Converter([read_document(json.loads(mapping))]).convert(first, place="")
    assert placed.item == json.loads(lead)


@pytest.mark.parametrize("kind", FORMS)
def test_every_member_is_on_the_page_with_its_length_and_whether_it_must_be_there(kind: str):
    article = "an" if kind == "action" else "a"
    rows = table(PAGE, f"member of {article} {kind}", "must", "what it is")
    printed = [(codes(name)[0], must == "yes", _limit(words)) for name, must, words in rows]

    assert printed == [_member(field) for field in msgspec.structs.fields(FORMS[kind])]


def test_every_outcome_is_on_the_page():
    rows = table(PAGE, "outcome", "what happened to the item")

    assert tuple(code for row in rows for code in codes(row[0])) == OUTCOMES


def test_every_state_of_an_action_is_on_the_page():
    rows = table(PAGE, "state", "what it means")

    assert sorted(codes(row[0])[0] for row in rows) == sorted(STATES)
    assert tuple(codes(dict(rows)["`excluded`"])[1:]) == REASONS


def test_the_limits_on_the_page_are_those_of_the_program():
    rows = [limit for _, limit, _ in table(PAGE, "what", "limit", "beyond it")]

    assert [int(re.sub(r"\D", "", limit)) for limit in rows[:-1]] == list(limits.PUBLISHED.values())
    assert re.findall(r"It takes (\d+) leads at a time", PAGE) == [str(LEADS_AT_A_TIME)]


def _member(field: msgspec.structs.FieldInfo) -> tuple[str, bool, int | None]:
    kind = msgspec.inspect.type_info(field.type)
    kinds = kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)
    longest = [each.max_length for each in kinds if isinstance(each, msgspec.inspect.StrType)]
    return field.name, field.required, longest[0] if longest else None


def _limit(words: str) -> int | None:
    found = LIMIT.search(words)
    return int(found[1]) if found else None
