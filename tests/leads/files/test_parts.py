"""Files of leads go through the same intake as HTTP, however messy they are."""

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from leads.domain.body.parcel import Parcel
from leads.domain.files.parts import LeadsFile
from leads.domain.intake.receive import receive
from leads.domain.mapping.active import active_converter
from leads.domain.mapping.doors import FILES
from leads.domain.mapping.mappings import save_mapping
from leads.domain.quarantine.settle import repair
from leads.models import Action, Delivery, Lead, QuarantinedItem, Source, SourceMapping
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceMappingFactory

pytestmark = pytest.mark.django_db

MAPPING: dict[str, Any] = {
    "fields": {"id": "Id", "product.sku": {"constant": "TILE-9"}, "contact.email": "Mail"},
    "actions": [
        {
            "when": "Visits",
            "fields": {
                "id": {"constant": "visits"},
                "type": {"from": "Kind", "text": "slug"},
                "quantity": "Visits",
                "occurred_at": {"constant": "2026-10-01T00:00:00Z"},
            },
        }
    ],
}


HEAD = "Id,Mail,Kind,Visits\n"


@pytest.fixture(autouse=True)
def source() -> Source:
    ActionTypeFactory.create(code="web_visit")
    ProductFactory.create(sku="TILE-9")
    return SourceMappingFactory.create(source__code="crm", document=MAPPING).source


def revise(document: dict[str, Any]) -> None:
    """Write the next revision of the only mapping."""
    mapping = SourceMapping.objects.get()
    since = mapping.revisions.count()
    save_mapping(mapping, document=document, reason="Another file", by=None, at=now(), since=since)


def imported(path: Path, content: str | bytes, capsys: pytest.CaptureFixture[str]) -> list[str]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    call_command("import_leads", str(path), source="CRM")
    return capsys.readouterr().out.splitlines()


def refused(path: Path, content: str | bytes, capsys: pytest.CaptureFixture[str]) -> str:
    """Return why nothing of the file was stored."""
    with pytest.raises(CommandError) as refusal:
        imported(path, content, capsys)
    assert not Lead.objects.exists()
    return str(refusal.value)


def test_a_csv_file_becomes_leads_by_the_sources_mapping(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    content = "\ufeffId,Mail,Kind,Visits\r\n1,a@b.example,Web Visit,3\r\n2,,Web Visit,0\r\n3,,Web Visit,\r\n"

    assert imported(tmp_path / "crm.csv", content, capsys) == [
        "lines: 3 read = 3 taken + 0 blank + 0 refused",
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
        imported(tmp_path / "crm.csv", content, capsys)[2]
        == "actions: 2 received = 2 created + 0 duplicate + 0 quarantined"
    )


def test_a_row_with_too_few_fields_waits_in_quarantine_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    imported(tmp_path / "crm.csv", "Id,Mail,Kind,Visits\n1,,Web visit,1\n2,b@b.example\n", capsys)

    item = QuarantinedItem.objects.get()
    assert (item.code, item.pointer, item.content) == ("row_malformed", "/3", ["2", "b@b.example"])
    assert item.message == "The row has 2 fields, but the header has 4."


def test_ndjson_is_read_line_by_line_and_a_broken_line_affects_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: Source
):
    SourceMapping.objects.update(is_active=False)
    good = json.dumps({"id": 1, "product": {"sku": "TILE-9"}})

    lines = imported(tmp_path / "leads.ndjson", f"{good}\n\n{{broken\n", capsys)

    assert lines[:2] == [
        "lines: 3 read = 1 taken + 1 blank + 1 refused",
        "leads: 2 received = 1 created + 0 duplicate + 1 quarantined",
    ]
    assert (QuarantinedItem.objects.get().pointer, QuarantinedItem.objects.get().content) == ("/3", "{broken\n")


def test_json_is_a_list_of_leads_taken_in_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    SourceMapping.objects.update(is_active=False)
    leads = [{"id": number, "product": {"sku": "TILE-9"}} for number in range(1_001)]

    lines = imported(tmp_path / "leads.json", json.dumps(leads), capsys)

    assert lines[0] == "leads: 1,001 received = 1,001 created + 0 duplicate + 0 quarantined"
    assert list(Delivery.objects.order_by("pk").values_list("leads_received", flat=True)) == [500, 500, 1]


def test_importing_the_same_file_again_counts_nothing_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    content = "Id,Mail,Kind,Visits\n1,,Web visit,3\n"
    imported(tmp_path / "crm.csv", content, capsys)

    assert imported(tmp_path / "crm.csv", content, capsys)[1:] == [
        "leads: 1 received = 0 created + 1 duplicate + 0 quarantined",
        "actions: 1 received = 0 created + 1 duplicate + 0 quarantined",
    ]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("leads.xlsx", b"PK", "leads.xlsx must end in .json, .ndjson, .jsonl, .csv or .tsv."),
        ("leads.json", b"{", "leads.json: This is not JSON"),
        ("leads.csv", b"", "leads.csv is empty."),
        (
            "leads.csv",
            b"Id,Mail\xe9,Kind,Visits\n",
            "leads.csv is not CSV in UTF-8: its header contains the byte 0xE9.",
        ),
        ("leads.csv", b"PK\x03\x04", "leads.csv is not CSV: it is an Excel workbook or another ZIP file."),
        ("leads.csv", b"\xff\xfeI\0d\0", "leads.csv is not CSV: it is in UTF-16."),
        ("leads.csv", b"\n<html>", "leads.csv is not a table but HTML or XML. Export it as CSV."),
        ("leads.csv", b"Id,Mail,Kind,Visits\r1,,x,1\r", "leads.csv ends its lines with only a carriage return."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, words: str
):
    assert refused(tmp_path / name, content, capsys).startswith(words)
    assert not Delivery.objects.exists()


def test_a_csv_file_needs_a_mapping(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    SourceMapping.objects.update(is_active=False)

    with pytest.raises(CommandError, match=r"needs a mapping\. Add one for files to the source\."):
        imported(tmp_path / "crm.csv", "Id\n1\n", capsys)


def test_unknown_sources_and_files_are_refused(tmp_path: Path):
    with pytest.raises(CommandError, match="There is no source 'unknown'"):
        call_command("import_leads", "x.json", source="unknown")
    with pytest.raises(CommandError, match="There is no file"):
        call_command("import_leads", str(tmp_path / "x.json"), source="crm")


# --- The command ------------------------------------------------------------------------------------------


def test_where_nothing_is_stored_the_command_says_so_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    ActionTypeFactory.create(code="web_visit")
    revise(MAPPING | {"fields": MAPPING["fields"] | {"product.sku": {"constant": "GONE"}}})

    words = refused(tmp_path / "crm.csv", HEAD + "1,,Web visit,1\n2,,Web visit,1\n", capsys)

    assert words == "Nothing was stored: 2 of 2 leads are in quarantine."
    assert capsys.readouterr().out.splitlines()[0] == "lines: 2 read = 2 taken + 0 blank + 0 refused"


def test_a_dry_run_prints_what_the_first_rows_become_and_stores_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "crm.csv").write_text(HEAD + "1,a@b.example,Web visit,3\n2,,Web visit,many\n3,x\n")

    call_command("import_leads", str(tmp_path / "crm.csv"), source="crm", dry_run=True)

    lead = {"id": "1", "product": {"sku": "TILE-9"}, "contact": {"email": "a@b.example"}}
    visits = {"id": "visits", "type": "web_visit", "occurred_at": "2026-10-01T00:00:00Z", "quantity": 3}
    out = capsys.readouterr().out.splitlines()
    place, _, told = out[0].partition(" ")
    assert (place, json.loads(told)) == ("/2", lead | {"actions": [visits]})
    assert out[1].startswith("/3 ")
    words = "quantity of action 1 (from Visits): 'many' is not a number with a decimal point, such as 1,234.56."
    assert out[2] == f"  value_unreadable /Visits: {words}"
    assert out[4:] == ["  row_malformed : The row has 2 fields, but the header has 4.", "Dry run: nothing was stored."]
    assert not Delivery.objects.exists()


def test_an_interrupted_import_continues_where_it_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: Source
):
    content = HEAD + "".join(f"{number},,Web visit,1\n" for number in range(1_200))
    (tmp_path / "crm.csv").write_text(content)
    first = next(LeadsFile(tmp_path / "crm.csv", active_converter(source, door=FILES)).parts())
    receive(source, parcel=Parcel(first.items), body=first.body, content_type="text/csv", received_at=now())

    assert imported(tmp_path / "crm.csv", content, capsys)[1:] == [
        "leads: 1,200 received = 700 created + 500 duplicate + 0 quarantined",
        "actions: 1,200 received = 700 created + 500 duplicate + 0 quarantined",
    ]


def test_ids_shortened_by_a_spreadsheet_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    rows = "".join(f"1.0012{number}E+14,,x,\n" for number in range(7))
    (tmp_path / "crm.csv").write_text(HEAD + rows)

    call_command("import_leads", str(tmp_path / "crm.csv"), source="crm")

    assert (
        "Lines 2, 3, 4, 5, 6 and 2 more: the ID looks like a number shortened by a spreadsheet (1.00123E+14), so several IDs"
        " may have become one." in capsys.readouterr().err
    )


def test_what_looks_like_rows_and_is_meant_so_goes_in_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    imported(tmp_path / "crm.csv", HEAD + '0,,x,\n1,,"x\n2,,x",\n', capsys)

    repair(item := QuarantinedItem.objects.get(), content=item.content, by=None, at=now())

    assert sorted(Lead.objects.values_list("external_id", flat=True)) == ["0", "1"]


@contextmanager
def served(content: bytes) -> Iterator[str]:
    """Serve this file at a URL that requires the signature."""

    class Shelf(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path.endswith("?signature=s3cret")
            self.send_response(200 if known else 403)
            self.end_headers()
            self.wfile.write(content if known else b"No")

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Shelf) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_file_may_be_fetched_and_is_known_by_the_name_it_has_there(capsys: pytest.CaptureFixture[str]):
    with served(f"{HEAD}1,a@b.example,Web Visit,2\n".encode()) as address:
        call_command("import_leads", f"{address}/fairs/spring%20fair.csv?signature=s3cret", source="CRM")

    assert capsys.readouterr().out.splitlines()[0] == "lines: 1 read = 1 taken + 0 blank + 0 refused"
    assert list(Lead.objects.values_list("external_id", flat=True)) == ["1"]
    assert Delivery.objects.get().name == "spring fair.csv"


def test_a_file_that_cannot_be_fetched_stores_nothing_and_its_signature_is_not_shown():
    with served(b"") as address, pytest.raises(CommandError) as refusal:
        call_command("import_leads", f"{address}/leads.csv?signature=wrong", source="CRM")

    assert str(refusal.value) == "leads.csv could not be fetched: HTTP Error 403: Forbidden"
    assert not Delivery.objects.exists()
