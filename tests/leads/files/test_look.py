"""A file is looked at by its bytes: what it is, its encoding, separator, header, first rows and dates."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.domain.faults import Malformed
from leads.domain.files.lines import FileNotReadable
from leads.domain.files.look.dates import Order, orders_of
from leads.domain.files.look.encodings import encoding_of
from leads.domain.files.look.look import look
from leads.domain.files.parts import LeadsFile
from leads.domain.files.reading import Kind, Reading
from tests import shared
from tests.leads.files.converters import by_columns, cells

DAY_FIRST = "Größe;Firma;Am\n3;Müller & Söhne;31.10.2026\n4;Café;01.11.2026\n"


def leads_of(path: Path, *names: str, reading: Reading | None = None) -> list[Any]:
    leads = LeadsFile(path, by_columns(*names), reading=reading)
    return [_seen(placed.item, names) for part in leads.parts() for placed in part.items]


def _seen(item: Any, names: tuple[str, ...]) -> Any:
    return item if isinstance(item, Malformed) else cells(item, *names)


@pytest.mark.parametrize(
    ("content", "reading"),
    [
        ("Id,Mail\n1,é\n".encode(), Reading(Kind.TABLE, "utf-8", ",")),
        ("\ufeffId;Mail\n1;é\n".encode(), Reading(Kind.TABLE, "utf-8", ";")),
        ("Id\tMail\n1\té\n".encode("utf-16"), Reading(Kind.TABLE, "utf-16", "\t")),
        ("Id|Mail\n1|a\n".encode("utf-16-be"), Reading(Kind.TABLE, "utf-16", "|")),
        (DAY_FIRST.encode("latin-1"), Reading(Kind.TABLE, "cp1252", ";")),
        ("Id;Preis\n1;5 €\n".encode("cp1252"), Reading(Kind.TABLE, "cp1252", ";")),
        ("Имя;Город\nИван Петров;Москва\n".encode("cp1251"), Reading(Kind.TABLE, "cp1251", ";")),
        (b"Id;Mail\n1;\x81\xe9\n", Reading(Kind.TABLE, "latin-1", ";")),
        (b"Leads of October\n\nId;Mail\n1;a,b,c\n2;b,c,d\n", Reading(Kind.TABLE, "utf-8", ";", 3)),
        (b"sep=|\nId|Mail\n1|a,b\n", Reading(Kind.TABLE, "utf-8", "|", 2)),
        (b"Id\n1\n2\n", Reading(Kind.TABLE, "utf-8", ",")),
        (b' [\n{"id": 1}]', Reading(Kind.JSON)),
        (b"[]", Reading(Kind.JSON)),
        (b'{"leads": [{"id": 1}]}\n', Reading(Kind.JSON)),
        (b'{\n"id": 1\n}', Reading(Kind.JSON)),
        (b'{"id": 1}\n', Reading(Kind.NDJSON)),
        (b'\n\v\n \n\n{"id": 1}\n', Reading(Kind.NDJSON)),
        (b'{"id": 1\n{"id": 2}\n', Reading(Kind.NDJSON)),
        ('{"id": 1}\n{"id": 2}\n'.encode("utf-16"), Reading(Kind.NDJSON, "utf-16")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_is_what_its_bytes_say(tmp_path: Path, content: bytes, reading: Reading):
    path = tmp_path / "leads.xlsx"
    path.write_bytes(content)

    assert look(path).reading == reading


def test_a_table_is_shown_with_its_first_rows_and_the_dates_that_a_person_must_decide(tmp_path: Path):
    rows = "".join(f"{n},0{n % 9 + 1}/10/2026,{n % 28 + 1:02}/10/2026,2026-10-0{n % 9 + 1},x\n" for n in range(50))
    path = tmp_path / "x.csv"
    path.write_text("Id,Either,Day first,ISO,Text\n" + rows)

    seen = look(path)

    assert (seen.name, seen.size, len(seen.rows)) == ("x.csv", path.stat().st_size, 20)
    assert seen.rows[0] == (2, ["0", "01/10/2026", "01/10/2026", "2026-10-01", "x"])
    assert seen.records[1]["Either"] == "02/10/2026"
    assert seen.dates == {
        "Either": (Order.DAY_FIRST, Order.MONTH_FIRST),
        "Day first": (Order.DAY_FIRST,),
        "ISO": (Order.YEAR_FIRST,),
    }
    assert seen.warnings == ["The dates in 'Either' can be read with the day or the month first."]


def test_what_a_person_corrects_is_shown_as_corrected(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_bytes("Id;Stadt,Land\n1;Łódź,PL\n".encode("cp1250"))

    seen = look(path, corrected=Reading(Kind.TABLE, "cp1250", ","))

    assert (seen.reading.encoding, seen.columns, seen.rows[0].cells) == (
        "cp1250",
        ["Id;Stadt", "Land"],
        ["1;Łódź", "PL"],
    )


def test_a_day_first_file_in_an_old_encoding_is_read(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_bytes(DAY_FIRST.encode("latin-1"))

    [part] = LeadsFile(path, by_columns("Größe")).parts()

    assert leads_of(path, "Größe", "Firma", "Am") == [
        {"Größe": "3", "Firma": "Müller & Söhne", "Am": "31.10.2026"},
        {"Größe": "4", "Firma": "Café", "Am": "01.11.2026"},
    ]
    assert (part.body, part.content_type) == (DAY_FIRST.encode("latin-1"), "text/csv; charset=windows-1252")
    assert look(path).dates == {"Am": (Order.DAY_FIRST,)}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_a_stray_quote_costs_its_own_line_in_every_encoding(tmp_path: Path, encoding: str):
    path = tmp_path / "x.csv"
    path.write_bytes('Id,Größe\n1,"ä\n2,b\n3,ö\n'.encode(encoding))
    leads = LeadsFile(path, by_columns("Id"))

    items = [placed for part in leads.parts() for placed in part.items]

    assert [place for place, _ in items] == ["/2", "/3", "/4"]
    assert (leads.lines, items[0].item.fault.message) == (
        (3, 2, 0, 1),
        "A quote opens on this line and is never closed.",
    )


def test_half_a_character_in_utf_16_costs_its_own_line(tmp_path: Path):
    path = tmp_path / "x.csv"
    lone = b"\x00\xd8"
    path.write_bytes(b"\xff\xfe" + "Id,A\n1,".encode("utf-16-le") + lone + "\n2,😀\n".encode("utf-16-le"))

    [first, second] = leads_of(path, "Id", "A")

    assert first.fault.message == "The line is not UTF-8: it contains the byte 0xED at position 3."
    assert second == {"Id": "2", "A": "😀"}


@given(text=st.text(st.sampled_from("ab,;\n😀é"), max_size=30), cut=st.integers(0, 3))
def test_utf_16_is_the_text_it_is(tmp_path_factory: pytest.TempPathFactory, text: str, cut: int):
    path = tmp_path_factory.mktemp("table") / "x.csv"
    path.write_bytes(f"Id,A\n{text}".encode("utf-16"))
    as_utf_8 = path.with_name("y.csv")
    as_utf_8.write_text(f"Id,A\n{text}", newline="")

    assert leads_of(path, "Id", "A") == leads_of(as_utf_8, "Id", "A")


@shared.needed
def test_the_rows_that_an_export_quoted_whole_are_shown_as_rows(tmp_path: Path):
    seen = look(shared.X_EDUCATION)

    assert (seen.reading, len(seen.columns)) == (Reading(Kind.TABLE, "utf-8", ","), 37)
    quoted = [line for line in shared.X_EDUCATION.read_text().splitlines() if line.startswith('"')]
    path = tmp_path / "quoted.csv"
    path.write_text("\n".join([shared.X_EDUCATION.read_text().splitlines()[0], *quoted]))
    assert len(quoted) == 338
    assert {len(row.cells) for row in look(path).rows} == {37}


@shared.needed
def test_a_file_of_sessions_is_shown_as_its_records():
    seen = look(shared.OTTO)

    assert (seen.reading, seen.columns) == (Reading(Kind.NDJSON), ["session", "events"])
    assert (len(seen.records), seen.records[0]["session"], len(seen.records[0]["events"])) == (20, 0, 276)


@shared.needs_cases
def test_a_single_byte_in_two_thousand_lines_is_damage_and_no_encoding():
    assert encoding_of(shared.INTAKE_CASES / "latin1_middle.csv") == "utf-8"


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("2026-10-31", {Order.YEAR_FIRST}),
        ("31/10/2026", {Order.DAY_FIRST}),
        ("10/31/2026 08:30", {Order.MONTH_FIRST}),
        ("1.2.26", {Order.DAY_FIRST, Order.MONTH_FIRST}),
        ("31/31/2026", set()),
        ("2026-13-01", set()),
        ("1-2-3", set()),
        ("12345", set()),
    ],
)
def test_a_date_has_each_order_that_fits(text: str, orders: set[Order]):
    assert orders_of(text) == orders


HEADS = [
    b"",
    b"Id,Mail\n",
    b"[",
    b"{",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
]


@given(head=st.sampled_from(HEADS), body=st.binary(max_size=200))
def test_no_bytes_are_more_than_a_file_that_cannot_be_read(
    tmp_path_factory: pytest.TempPathFactory, head: bytes, body: bytes
):
    path = tmp_path_factory.mktemp("bytes") / "x"
    path.write_bytes(head + body)
    with suppress(FileNotReadable):
        seen = look(path)
        json.dumps(seen.records, default=str)
        leads_of(path, "Id", reading=seen.reading)
