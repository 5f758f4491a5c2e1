"""CSV files are read row by row: every line has an outcome, and a bad line doesn't affect others."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.utils.timezone import now
from hypothesis import given
from hypothesis import strategies as st

from leads.domain.faults import Malformed
from leads.domain.files.parts import LeadsFile
from leads.domain.mapping.language.converter import Converter
from leads.domain.mapping.language.read import read_document
from leads.domain.quarantine.settle import repair
from leads.models import Action, Delivery, Lead, QuarantinedItem, Source
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceMappingFactory
from tests.leads.files.test_parts import HEAD, MAPPING, imported, refused, revise
from tests.shared import INTAKE_CASES, needs_cases

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def source() -> Source:
    ActionTypeFactory.create(code="web_visit")
    ProductFactory.create(sku="TILE-9")
    return SourceMappingFactory.create(source__code="crm", document=MAPPING).source


def converter(id_: str, *columns: str) -> Converter:
    return Converter([read_document({"fields": {"id": id_} | {f"attributes.{name}": name for name in columns}})])


def waiting() -> list[tuple[str, str]]:
    return list(QuarantinedItem.objects.order_by("pk").values_list("code", "pointer"))


# What mapping_for_the_csv_files.json says, in the language of today.
OF_THE_CASES = {
    "fields": {
        "id": "Id",
        "product.sku": {"constant": "TZ-101"},
        "product.customer": {"constant": "TERRAZZA"},
        "contact.email": "Email",
        "attributes.note": "Note",
    },
    "actions": [
        {"fields": {"id": {"constant": "A1"}, "type": {"constant": "page_view"}, "occurred_at": "When"}},
    ],
}


def by_case(name: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Import the file of this case."""
    ActionTypeFactory.create(code="page_view")
    ProductFactory.create(sku="TZ-101", customer__code="TERRAZZA")
    revise(OF_THE_CASES)
    call_command("import_leads", str(INTAKE_CASES / name), source="crm")
    return capsys.readouterr().out.splitlines()


@needs_cases
@pytest.mark.parametrize(
    ("name", "line", "rows"), [("unclosed_unmapped_20rows.csv", 9, 20), ("unclosed_100rows.csv", 52, 100)]
)
def test_a_quote_that_is_never_closed_costs_its_own_line(
    name: str, line: int, rows: int, capsys: pytest.CaptureFixture[str]
):
    assert by_case(name, capsys)[:2] == [
        f"lines: {rows} read = {rows - 1} taken + 0 blank + 1 refused",
        f"leads: {rows} received = {rows - 1} created + 0 duplicate + 1 quarantined",
    ]
    assert waiting() == [("row_malformed", f"/{line}")]
    item = QuarantinedItem.objects.get()
    assert item.message == "A quote opens on this line and is never closed."
    # The item is kept by columns, and is stored as a lead after a person has checked it.
    repair(item, content=item.content | {"Email": "mended@x.example"}, by=None, at=now())
    assert Lead.objects.get(external_id=item.content["Id"]).email == "mended@x.example"


@needs_cases
def test_a_quote_that_swallows_rows_waits_for_a_person(capsys: pytest.CaptureFixture[str]):
    lines = by_case("strayquotes.csv", capsys)

    assert lines[:2] == [
        "lines: 30 read = 17 taken + 0 blank + 13 refused",
        "leads: 19 received = 17 created + 0 duplicate + 2 quarantined",
    ]
    assert waiting() == [("row_malformed", "/7"), ("rows_in_a_field", "/11")]
    assert QuarantinedItem.objects.get(code="rows_in_a_field").message == (
        "A quote opens on line 11 and closes on line 22, so that lines 12 to 22 look like rows of the table. If a quote is"
        " missing, fix the file and import it again. If the field is correct, retry this item."
    )


@needs_cases
def test_a_byte_of_another_encoding_costs_its_own_line(capsys: pytest.CaptureFixture[str]):
    assert by_case("latin1_middle.csv", capsys)[:2] == [
        "lines: 2,000 read = 1,999 taken + 0 blank + 1 refused",
        "leads: 2,000 received = 1,999 created + 0 duplicate + 1 quarantined",
    ]
    assert waiting() == [("row_malformed", "/1202")]


@needs_cases
def test_separators_are_found_by_the_columns_the_mapping_asks_for(capsys: pytest.CaptureFixture[str]):
    assert by_case("semicolon.csv", capsys)[0] == "lines: 5 read = 5 taken + 0 blank + 0 refused"
    assert Lead.objects.count() == 5


@needs_cases
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("html.csv", "html.csv is not a table but HTML or XML. Export it as CSV."),
        ("dupheader.csv", "dupheader.csv has two columns named 'Email'. Remove or rename one."),
    ],
)
def test_a_fault_of_the_whole_file_refuses_it_in_a_sentence(name: str, words: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(CommandError) as refusal:
        by_case(name, capsys)

    assert (str(refusal.value), Delivery.objects.exists()) == (words, False)


@needs_cases
def test_an_object_or_a_list_is_never_an_id(capsys: pytest.CaptureFixture[str]):
    by_case("one.json", capsys)

    assert list(Lead.objects.values_list("external_id", flat=True)) == ["17", "j1"]
    assert waiting() == [("value_unreadable", "/2/Id")]


@pytest.mark.parametrize(
    ("rows", "sums", "held"),
    [
        ("1,,x,\n\n  \n,,,\n2,,x,\n", "5 read = 2 taken + 3 blank + 0 refused", []),
        ('1,,"two\nlines",\n2,,x,\n', "3 read = 3 taken + 0 blank + 0 refused", []),
        ('"1\n",a,b,\n2,,x,\n', "3 read = 3 taken + 0 blank + 0 refused", []),
        ('1,,5" x 4",\n2,,5" x 4",\n', "2 read = 2 taken + 0 blank + 0 refused", []),
        ('1,,"5" x 4",\n2,,x,\n', "2 read = 1 taken + 0 blank + 1 refused", [("row_malformed", "/2")]),
        ('1,,"x\n2,,x,\n3,,"x\n4,,x,\n', "4 read = 2 taken + 0 blank + 2 refused", ["/2", "/4"]),
        ('1,,x,\n2,,"x', "2 read = 1 taken + 0 blank + 1 refused", ["/3"]),
        ('1,,"x\n2,,x",\n3,,x,\n', "3 read = 1 taken + 0 blank + 2 refused", [("rows_in_a_field", "/2")]),
        ('1,,"a\nb",c,\n2,,x,\n', "3 read = 1 taken + 0 blank + 2 refused", ["/2", "/3"]),
        ("1,,x,1,2\n2,,x,\n", "2 read = 1 taken + 0 blank + 1 refused", ["/2"]),
        ("1,,x,\n2,," + 200_000 * "x" + ",\n", "2 read = 1 taken + 0 blank + 1 refused", ["/3"]),
        ("1,,x,\n2,," + 1_100_000 * "x" + ",\n", "2 read = 1 taken + 0 blank + 1 refused", ["/3"]),
        ('1,,"' + 60_000 * f"{20 * 'x'}\n" + "2,,x,\n", None, []),
    ],
)
def test_every_line_that_is_read_becomes_something(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: str, sums: str | None, held: list[Any]
):
    lines = imported(tmp_path / "crm.csv", HEAD + rows, capsys)

    if sums is None:  # a quote that is closed much later
        sums, held = "60,001 read = 1 taken + 0 blank + 60,000 refused", []
        assert QuarantinedItem.objects.filter(code="row_malformed").count() == 1 + 1
    else:
        assert waiting() == [one if isinstance(one, tuple) else ("row_malformed", one) for one in held]
    assert lines[0] == f"lines: {sums}"
    sent = Delivery.objects.aggregate(*map(Sum, ("lines_read", "lines_taken", "lines_blank", "lines_refused")))
    assert list(sent.values()) == [int(number.replace(",", "")) for number in re.findall(r"[\d,]+", sums)]


fields = st.text(st.sampled_from('ab1",\n é'), max_size=6)
dirt = st.lists(st.text(st.sampled_from('ab,"\n\r é'), max_size=12), max_size=4)


@given(records=st.lists(st.tuples(fields, fields, fields), max_size=6), stray=dirt)
def test_whatever_a_table_holds_each_of_its_lines_is_counted_once(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, ...]], stray: list[str]
):
    path = tmp_path_factory.mktemp("table") / "x.csv"
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows([("Id", "Mail", "Note"), *records])
    body = written.getvalue().encode() + "\n".join(stray).encode()
    path.write_bytes(body)
    leads = LeadsFile(path, converter("Id", "Mail", "Note"))

    parts = list(leads.parts())

    read = sum(part.lines.read for part in parts)
    assert read == len(body.splitlines(keepends=True)) - 1 if b"\r" not in body else read >= 0
    assert b"".join(part.body.removeprefix(b"Id,Mail,Note\n") for part in parts) == body[len(b"Id,Mail,Note\n") :]
    rows = sum(len(part.items) for part in parts)
    assert sum(part.lines.taken + part.lines.blank + part.lines.refused for part in parts) == read >= rows


@given(records=st.lists(st.tuples(st.text(st.sampled_from("ab1"), min_size=1), fields), max_size=6))
def test_a_rightly_written_table_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, str]]
):
    path = tmp_path_factory.mktemp("table") / "x.csv"
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=";", lineterminator="\r\n").writerows([("Id", "Note"), *records])

    mapping = converter("Id", "Note")
    items = [placed.item for part in LeadsFile(path, mapping).parts() for placed in part.items]

    # A string may look like rows of the table; then the whole row waits.
    read = [mapping.convert(i.content, place="")[0].item if isinstance(i, Malformed) else i for i in items]
    wanted = [{"id": id_} | ({"attributes": {"Note": note.strip()}} if note.strip() else {}) for id_, note in records]
    assert read == wanted


# --- Header -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        "id , MAIL, kind,visits",
        "\ufeffId;Mail;Kind;Visits",
        "Id\tMail\tKind\tVisits",
        "Id|Mail|Kind|Visits",
        "sep=;\r\nId;Mail;Kind;Visits",
        '"Id,Mail,Kind,Visits"',
        "Id,Mail,Kind,Visits,,",
    ],
)
def test_a_header_is_the_same_in_other_letters_blanks_and_separators(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], head: str
):
    separator = next(sign for sign in "|\t;," if sign in head)
    row = separator.join(["1", "a@b.example", "Web Visit", "3", *[""] * (head.count(",,") * 2)])

    imported(tmp_path / "crm.csv", f"{head}\r\n{row}\r\n", capsys)

    assert (Lead.objects.get().email, Action.objects.get().quantity) == ("a@b.example", 3)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (
            "Id;Mail;Kind",
            "crm.csv has no column 'Visits', which the mapping needs. Its header (separated by semicolons) is:"
            " 'Id', 'Mail', 'Kind'.",
        ),
        (
            "Leads of October",
            "crm.csv has no columns 'Id', 'Mail', 'Visits', 'Kind', which the mapping needs. Its header is:"
            " 'Leads of October'.",
        ),
        ("Id,Mail,Kind,Visits, MAIL", "crm.csv has two columns named 'Mail'. Remove or rename one."),
    ],
)
def test_a_header_that_does_not_match_the_mapping_is_refused_with_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], head: str, words: str
):
    assert refused(tmp_path / "crm.csv", f"{head}\n1,,x,\n", capsys) == words
    assert not Delivery.objects.exists()
