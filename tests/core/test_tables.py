"""A table is one thing in every format: the same rows, typed, and a file says how many there are or is refused."""

import csv
import io
import resource
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from openpyxl import load_workbook
from pyarrow import parquet
from pypdf import PdfReader

from billing_engine.core.tables import xlsx
from billing_engine.core.tables.download import TOTAL, table_response
from billing_engine.core.tables.formats import FORMATS
from billing_engine.core.tables.parquet import NotWritten
from billing_engine.core.tables.pdf import MOST_COLUMNS, MOST_ROWS, TooLongForPaper
from billing_engine.core.tables.table import Cell, Column, IncompleteTable, Kind, Notes, Table

COLUMNS = (
    Column("Customer"),
    Column("Actions", Kind.INTEGER),
    Column("Amount", Kind.DECIMAL),
    Column("Day", Kind.DATE),
    Column("Occurred at", Kind.INSTANT),
)
EAST = timezone(timedelta(hours=5, minutes=30))
ROWS: list[list[Cell]] = [
    [
        "Ash, “Oak” & Söhne",
        3,
        Decimal("7.500000"),
        date(2026, 10, 31),
        datetime(2026, 10, 31, 23, 59, 59, 250_000, UTC),
    ],
    ["=HYPERLINK(1)", -1, Decimal("-0.000001"), date(2026, 3, 29), datetime(2026, 11, 1, 2, tzinfo=EAST)],
    ["大阪\nline", 9_007_199_254_740_993, Decimal("123456789012345678901234.123456"), None, None],
    [None, None, None, None, None],
]
NOTES = Notes("Revenue by customer", "America/New_York", datetime(2026, 11, 3, 12, tzinfo=UTC), "", len(ROWS))


def a_table(rows: Any = ROWS, notes: Notes = NOTES, **other: Any) -> Table:
    return Table(
        **({"name": "revenue", "title": "Revenue: Q4/2026", "columns": COLUMNS} | other), rows=rows, notes=notes
    )


def file_of(form: str, table: Table) -> bytes:
    return b"".join(FORMATS[form].write(table))


in_a_cell = datetime.fromisoformat  # a workbook has no zones


def in_utc(row: list[Cell]) -> list[Cell]:
    return [*row[:4], row[4].astimezone(UTC) if isinstance(row[4], datetime) else None]


def test_a_csv_has_every_digit_and_says_at_its_end_how_many_rows_it_has() -> None:
    content = file_of("csv", a_table())

    header, *rows, last = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert header == ["Customer", "Actions", "Amount", "Day", "Occurred at"]
    assert rows == [
        ["Ash, “Oak” & Söhne", "3", "7.500000", "2026-10-31", "2026-10-31T23:59:59.250000Z"],
        ["'=HYPERLINK(1)", "-1", "-0.000001", "2026-03-29", "2026-10-31T20:30:00.000000Z"],
        ["大阪\nline", "9007199254740993", "123456789012345678901234.123456", "", ""],
        ["", "", "", "", ""],
    ]
    about = "Question: Revenue by customer; Days: America/New_York; Made at: 2026-11-03 12:00:00 UTC"
    assert last == ["Rows: 4 of 4", about]


def test_a_workbook_has_typed_cells_and_a_sheet_about_itself() -> None:
    book = load_workbook(io.BytesIO(file_of("xlsx", a_table())))

    assert book.sheetnames == ["Revenue Q4 2026", "About"]
    header, *rows = book.worksheets[0].values
    assert header == ("Customer", "Actions", "Amount", "Day", "Occurred at (UTC)")
    assert rows == [
        ("Ash, “Oak” & Söhne", 3, 7.5, in_a_cell("2026-10-31"), in_a_cell("2026-10-31T23:59:59.250")),
        ("=HYPERLINK(1)", -1, -1e-06, in_a_cell("2026-03-29"), in_a_cell("2026-10-31T20:30")),
        ("大阪\nline", "9007199254740993", "123456789012345678901234.123456", None, None),
    ]
    assert "f" not in {cell.data_type for cell in book.worksheets[0]["A"]}  # no formula
    assert list(book["About"].values) == [
        ("Question", "Revenue by customer"),
        ("Days", "America/New_York"),
        ("Made at", "2026-11-03 12:00:00 UTC"),
        ("Rows", "4 of 4"),
    ]


def test_rows_beyond_the_limit_of_a_sheet_continue_on_the_next_sheet() -> None:
    with patch.object(xlsx.write_workbook, "__kwdefaults__", {"a_sheet": 4, "about": None}):
        content = file_of("xlsx", a_table([[f"C{n}", n, None, None, None] for n in range(8)], Notes()))

    book = load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["Revenue Q4 2026", "Revenue Q4 2026 2", "Revenue Q4 2026 3", "About"]
    assert [[row[1] for row in sheet.values] for sheet in book.worksheets[:3]] == [
        ["Actions", 0, 1, 2],
        ["Actions", 3, 4, 5],
        ["Actions", 6, 7],
    ]
    assert list(book["About"].values) == [("Rows", "8 of 8")]


def test_parquet_has_the_stated_schema_and_every_digit() -> None:
    table = parquet.ParquetFile(io.BytesIO(file_of("parquet", a_table())))

    assert [(field.name, str(field.type)) for field in table.schema_arrow] == [
        ("Customer", "string"),
        ("Actions", "int64"),
        ("Amount", "decimal128(38, 6)"),
        ("Day", "date32[day]"),
        ("Occurred at", "timestamp[us, tz=UTC]"),
    ]
    assert [list(row.values()) for row in table.read().to_pylist()] == [in_utc(row) for row in ROWS]
    about = {name.decode(): text.decode() for name, text in table.metadata.metadata.items() if name != b"ARROW:schema"}
    assert about == {
        "Title": "Revenue: Q4/2026",
        "Question": "Revenue by customer",
        "Days": "America/New_York",
        "Made at": "2026-11-03 12:00:00 UTC",
        "Rows": "4 of 4",
    }


def test_a_column_that_is_empty_at_first_keeps_its_type_and_row_groups_are_large() -> None:
    late = [["Ash", 1, None, None, None]] * 150_000 + [["Ash", 1, Decimal("1E+3"), date(2026, 1, 1), None]]

    found = parquet.ParquetFile(io.BytesIO(file_of("parquet", a_table(late, Notes()))))

    groups = [found.metadata.row_group(place).num_rows for place in range(found.metadata.num_row_groups)]
    assert (sum(groups), len(groups), groups[0] >= 65_536) == (150_001, 2, True)
    assert found.read().slice(150_000).to_pylist()[0]["Amount"] == Decimal("1000.000000")


def test_an_empty_table_is_a_file_with_its_columns() -> None:
    empty = {form: file_of(form, a_table([], Notes(total_rows=0))) for form in FORMATS}

    assert empty["csv"].decode("utf-8-sig").splitlines() == ["Customer,Actions,Amount,Day,Occurred at", "Rows: 0 of 0"]
    assert len(list(load_workbook(io.BytesIO(empty["xlsx"])).worksheets[0].values)) == 1
    assert parquet.read_table(io.BytesIO(empty["parquet"])).shape == (0, 5)
    assert "There are no rows." in PdfReader(io.BytesIO(empty["pdf"])).pages[0].extract_text()


@pytest.mark.parametrize("cell", [Decimal("0.0000001"), Decimal("1E+33")])
def test_parquet_refuses_a_number_that_would_lose_a_digit(cell: Decimal) -> None:
    with pytest.raises(NotWritten, match="The Parquet file could not be written"):
        file_of("parquet", a_table([["Ash", 1, cell, None, None]], Notes()))


def test_a_pdf_has_the_rows_and_the_notes_with_numbers_as_people_write_them() -> None:
    document = PdfReader(io.BytesIO(file_of("pdf", a_table())))

    text = document.pages[0].extract_text()
    told = [
        "Revenue: Q4/2026",
        "Question: Revenue by customer",
        "Days: America/New_York",
        "Rows: 4 of 4",
        "Page 1 of 1",
    ]
    told += ["Ash, “Oak” & Söhne", "7.50", "2026-10-31 23:59 UTC", "−0.000001", "9,007,199,254,740,993", "大阪"]
    assert [words for words in told if words not in text] == []
    assert document.metadata is not None
    assert document.metadata.title == "Revenue: Q4/2026"


def test_a_pdf_that_is_too_long_is_refused_with_the_way_out_before_its_rows_are_read() -> None:
    def unread() -> Iterator[list[Cell]]:
        raise AssertionError("The rows were read.")
        yield []

    with pytest.raises(TooLongForPaper) as refusal:
        file_of("pdf", a_table(unread(), Notes(total_rows=MOST_ROWS + 1)))
    assert str(refusal.value) == (
        "A PDF can have at most 5,000 rows, and this has 5,001 rows. Download the CSV, which has no limit."
    )
    with pytest.raises(TooLongForPaper, match="and this has more"):
        file_of("pdf", a_table([ROWS[0]] * (MOST_ROWS + 1), Notes()))
    with pytest.raises(TooLongForPaper, match="at most 24 columns"):
        file_of("pdf", a_table([], Notes(), columns=[Column("A")] * (MOST_COLUMNS + 1)))


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_a_file_with_fewer_rows_than_were_counted_is_refused(form: str) -> None:
    with pytest.raises(IncompleteTable, match="Only 4 of 5 rows could be read"):
        file_of(form, a_table(notes=Notes(total_rows=5)))


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_a_failing_source_ends_no_file_as_if_it_were_complete(form: str) -> None:
    def failing() -> Iterator[list[Cell]]:
        yield ROWS[0]
        raise RuntimeError("the database is gone")

    with pytest.raises(RuntimeError, match="the database is gone"):
        file_of(form, a_table(failing(), Notes()))


def test_a_download_says_how_many_rows_it_must_have() -> None:
    response = table_response(a_table(), FORMATS["csv"])

    assert response.streaming
    assert {name: response[name] for name in ("Content-Type", "Content-Disposition", "Cache-Control", TOTAL)} == {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": 'attachment; filename="revenue.csv"',
        "Cache-Control": "private, no-store",
        TOTAL: "4",
    }
    with pytest.raises(TooLongForPaper):  # before the reply begins
        table_response(a_table(notes=Notes(total_rows=MOST_ROWS + 1)), FORMATS["pdf"])


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_the_memory_does_not_grow_with_the_rows(form: str) -> None:
    def most_after(rows: int) -> int:
        seen = [0]

        def some() -> Iterator[list[Cell]]:
            for number in range(rows):
                if number % 5_000 == 0:
                    seen.append(resident())
                yield ROWS[0]

        for _ in FORMATS[form].write(a_table(some(), Notes())):
            pass
        return max(seen)

    assert most_after(50_000) - most_after(10_000) < 4_000_000


def resident() -> int:
    """The memory of this process in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
