"""Files of leads go through the same intake as HTTP, whatever their dirt."""

import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from leads.models import Action, Delivery, Lead, QuarantinedItem, Source
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory

pytestmark = pytest.mark.django_db

MAPPING: dict[str, Any] = {
    "id": "{Id}",
    "product": {"sku": "TILE-9"},
    "contact": {"email": "{Mail}"},
    "actions": [
        {
            "id": "visits",
            "type": "{Kind|slug}",
            "quantity": "{Visits}",
            "occurred_at": "2026-10-01T00:00:00Z",
            "when": "{Visits}",
        }
    ],
}


@pytest.fixture(autouse=True)
def source() -> Source:
    ActionTypeFactory.create(code="web_visit")
    ProductFactory.create(sku="TILE-9")
    return SourceFactory.create(code="crm", field_mapping=MAPPING)


def imported(path: Path, content: str | bytes, capsys: pytest.CaptureFixture[str]) -> list[str]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    call_command("import_leads", str(path), source="CRM")
    return capsys.readouterr().out.splitlines()


def test_a_csv_file_becomes_leads_by_the_sources_field_mapping(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    content = "\ufeffId,Mail,Kind,Visits\r\n1,a@b.example,Web Visit,3\r\n2,,Web Visit,0\r\n3,,Web Visit,\r\n"

    assert imported(tmp_path / "crm.csv", content, capsys) == [
        "leads: 3 received = 3 created + 0 duplicate + 0 quarantined",
        "actions: 1 received = 1 created + 0 duplicate + 0 quarantined",
    ]
    assert sorted(Lead.objects.values_list("external_id", "email")) == [("1", "a@b.example"), ("2", ""), ("3", "")]
    assert Action.objects.get().quantity == 3
    kept = Delivery.objects.get()
    assert (kept.name, kept.content_type, zlib.decompress(kept.body)) == ("crm.csv", "text/csv", content.encode())


def test_a_row_quoted_whole_is_read_as_the_row_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    content = 'Id,Mail,Kind,Visits\n"1,a@b.example,""Web, visit"",3"\n"2,,Web visit,1"\n'
    ActionTypeFactory.create(code="web_visit")

    assert (
        imported(tmp_path / "crm.csv", content, capsys)[1]
        == "actions: 2 received = 2 created + 0 duplicate + 0 quarantined"
    )


def test_a_row_with_too_few_fields_waits_in_quarantine_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    imported(tmp_path / "crm.csv", "Id,Mail,Kind,Visits\n1,,Web visit,1\n2,b@b.example\n", capsys)

    item = QuarantinedItem.objects.get()
    assert (item.code, item.pointer, item.content) == ("row_malformed", "/3", ["2", "b@b.example"])
    assert item.message == "The row has 2 fields, the header 4."


def test_a_column_the_mapping_asks_for_and_the_file_lacks_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    imported(tmp_path / "crm.csv", "Id,Mail,Kind\n1,,Web visit\n", capsys)

    item = QuarantinedItem.objects.get()
    assert item.message == "The field mapping asks for 'Visits', which the record does not have."
    assert item.content == {"Id": "1", "Mail": "", "Kind": "Web visit"}


def test_ndjson_is_read_line_by_line_and_a_broken_line_harms_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: Source
):
    Source.objects.update(field_mapping={})
    good = json.dumps({"id": 1, "product": {"sku": "TILE-9"}})

    lines = imported(tmp_path / "leads.ndjson", f"{good}\n\n{{broken\n", capsys)

    assert lines[0] == "leads: 2 received = 1 created + 0 duplicate + 1 quarantined"
    assert (QuarantinedItem.objects.get().pointer, QuarantinedItem.objects.get().content) == ("/3", "{broken\n")


def test_json_is_a_list_of_leads_taken_in_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    Source.objects.update(field_mapping={})
    leads = [{"id": number, "product": {"sku": "TILE-9"}} for number in range(1_001)]

    lines = imported(tmp_path / "leads.json", json.dumps(leads), capsys)

    assert lines[0] == "leads: 1,001 received = 1,001 created + 0 duplicate + 0 quarantined"
    assert list(Delivery.objects.order_by("pk").values_list("leads_received", flat=True)) == [500, 500, 1]


def test_importing_the_same_file_again_counts_nothing_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    content = "Id,Mail,Kind,Visits\n1,,Web visit,3\n"
    imported(tmp_path / "crm.csv", content, capsys)

    assert imported(tmp_path / "crm.csv", content, capsys) == [
        "leads: 1 received = 0 created + 1 duplicate + 0 quarantined",
        "actions: 1 received = 0 created + 1 duplicate + 0 quarantined",
    ]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("leads.xlsx", b"PK", "leads.xlsx is neither .json nor .ndjson (.jsonl) nor .csv."),
        ("leads.json", b"{", "leads.json: This is not JSON"),
        ("leads.csv", b"", "leads.csv is empty."),
        ("leads.csv", b"Id,Mail,Kind,Visits\n\xff,,Web visit,1\n", "leads.csv is not CSV in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, words: str
):
    with pytest.raises(CommandError) as refusal:
        imported(tmp_path / name, content, capsys)

    assert str(refusal.value).startswith(words)
    assert not Lead.objects.exists()


def test_a_csv_file_needs_a_field_mapping(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    Source.objects.update(field_mapping={})

    with pytest.raises(CommandError, match="needs the source's field mapping"):
        imported(tmp_path / "crm.csv", "Id\n1\n", capsys)


def test_unknown_sources_and_files_are_told(tmp_path: Path):
    with pytest.raises(CommandError, match="There is no source 'nobody'"):
        call_command("import_leads", "x.json", source="nobody")
    with pytest.raises(CommandError, match="There is no file"):
        call_command("import_leads", str(tmp_path / "x.json"), source="crm")
