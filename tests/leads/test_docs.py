"""`docs/lead-sources.md` tells the truth: its requests are sent, its file is imported, its tables are the program's."""

import csv
import json
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from time_machine import travel

from leads.api.deliveries import BYTES_AT_MOST
from leads.domain.files import LEADS_AT_A_TIME
from leads.domain.items import ActionItem, ContactItem, LeadItem, ProductItem
from leads.domain.keys import create_key
from leads.domain.mapping import mapped
from leads.domain.receipt import CONFLICT, CREATED, DUPLICATE, QUARANTINED, UPDATED
from leads.domain.signature import create_secret
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory
from tests.house.tree import ROOT, codes, table

PAGE = (ROOT / "docs" / "lead-sources.md").read_text(encoding="utf-8")
FORMS = {"lead": LeadItem, "product": ProductItem, "contact": ContactItem, "action": ActionItem}
LIMIT = re.compile(r"up to (\d+)")


def blocks(kind: str) -> list[str]:
    """The fenced blocks whose opening line ends with this word."""
    return re.findall(rf"^```\w+ {kind}\n([\s\S]*?)^```$", PAGE, re.MULTILINE)


@pytest.fixture
def terrazza(db: None) -> None:
    ProductFactory.create(sku="TZ-101", customer__code="TERRAZZA")
    ActionTypeFactory.create(code="sample_order")
    ActionTypeFactory.create(code="page_view")


@travel("2026-11-02T08:00:00Z", tick=False)
def test_every_request_on_the_page_is_answered_as_printed(terrazza: None, client: Client):
    _, key = create_key(SourceFactory.create(code="web"))
    printed = [json.loads(answer) for answer in blocks("answer")]

    answers = [
        client.post(
            "/api/v1/deliveries",
            data=re.findall(r"--data '([\s\S]*)'", request)[0],
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )
        for request in blocks("request")
    ]

    assert [answer.status_code for answer in answers] == [expected.get("status", 202) for expected in printed]
    assert [numbered(answer.json(), expected) for answer, expected in zip(answers, printed, strict=True)] == printed


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


def numbered(answer: dict[str, Any], printed: dict[str, Any]) -> dict[str, Any]:
    """The answer with the printed delivery number: which it is, nobody can know beforehand."""
    assert ("delivery" in answer) == ("delivery" in printed)
    return answer | {"delivery": printed["delivery"]} if "delivery" in answer else answer


@travel("2026-11-02T08:00:00Z", tick=False)
def test_the_file_on_the_page_is_imported_as_printed(
    terrazza: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    [content], [mapping], [output] = blocks("file"), blocks("mapping"), blocks("output")
    SourceFactory.create(code="fair", field_mapping=json.loads(mapping))
    file = tmp_path / "fair.csv"
    file.write_text(content, encoding="utf-8")

    call_command("import_leads", str(file), source="fair")

    assert capsys.readouterr().out == output


def test_the_mapping_on_the_page_makes_the_lead_that_is_printed():
    [content], [mapping], [lead] = blocks("file"), blocks("mapping"), blocks("lead")
    first = next(csv.DictReader(StringIO(content)))

    assert mapped(json.loads(mapping), first) == json.loads(lead)


@pytest.mark.parametrize("kind", FORMS)
def test_every_member_is_on_the_page_with_its_length_and_whether_it_must_be_there(kind: str):
    article = "an" if kind == "action" else "a"
    rows = table(PAGE, f"member of {article} {kind}", "must", "what it is")
    printed = [(codes(name)[0], must == "yes", _limit(words)) for name, must, words in rows]

    assert printed == [_member(field) for field in msgspec.structs.fields(FORMS[kind])]


def test_every_outcome_is_on_the_page():
    rows = table(PAGE, "outcome", "what became of the item")

    assert [code for row in rows for code in codes(row[0])] == [CREATED, UPDATED, DUPLICATE, CONFLICT, QUARANTINED]


def test_the_limits_on_the_page_are_those_of_the_program():
    assert dict(table(PAGE, "what", "limit"))["body of a request"] == f"{BYTES_AT_MOST:,} bytes"
    assert re.findall(r"It takes (\d+) leads at a time", PAGE) == [str(LEADS_AT_A_TIME)]


def _member(field: msgspec.structs.FieldInfo) -> tuple[str, bool, int | None]:
    kind = msgspec.inspect.type_info(field.type)
    kinds = kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)
    longest = [each.max_length for each in kinds if isinstance(each, msgspec.inspect.StrType)]
    return field.name, field.required, longest[0] if longest else None


def _limit(words: str) -> int | None:
    found = LIMIT.search(words)
    return int(found[1]) if found else None
