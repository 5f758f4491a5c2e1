"""The faulty rows of a file are given back with what is wrong, corrected in a spreadsheet, and imported again."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.core.tables.xlsx import write_workbook
from leads.domain.faults import Malformed
from leads.domain.files.faulty_rows import FaultyRows, RowFault, csv_lines, faulty_rows
from leads.domain.files.look.look import look
from leads.domain.files.parts import LeadsFile
from tests.leads.files.converters import by_columns, cells
from tests.leads.files.workbooks import of_rows

HEADER = ["Import line", "Import fault", "Import message"]


def faulty(path: Path, *faults: RowFault) -> list[list[str]]:
    with faulty_rows(path, look(path).reading, faults) as (header, rows):
        return [list(header), *map(list, rows)]


def written_as_csv(table: FaultyRows, path: Path) -> None:
    path.write_text("".join(csv_lines(table)), newline="")


def written_as_xlsx(table: FaultyRows, path: Path) -> None:
    with path.open("wb") as file:
        write_workbook(file, "Faulty rows", table.header, table.rows)


def read_again(path: Path) -> list[Any]:
    return [placed.item for part in LeadsFile(path, by_columns("Id", "Note")).parts() for placed in part.items]


def test_faulty_rows_come_back_as_they_were_sent_with_all_that_is_wrong(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_bytes('Id;Größe\n1;ä\n2;"b\n3;c;d\n4;e\n'.encode("cp1252"))
    faults = [
        RowFault.at("/2/product/sku", code="unknown_product", message="No product."),
        RowFault.at("/2/actions/0", code="unknown_action_type", message="No type."),
        RowFault.at("/2/actions/1", code="unknown_action_type", message="No type."),
        RowFault.at("/3", code="row_malformed", message="A quote opens."),
        RowFault.at("/4", code="row_malformed", message="Three fields."),
    ]

    assert faulty(path, *faults) == [
        [*HEADER, "Id", "Größe"],
        ["2", "unknown_product, unknown_action_type", "No product. No type.", "1", "ä"],
        ["3", "row_malformed", "A quote opens.", "2", "b"],
        ["4", "row_malformed", "Three fields.", "3", "c", "d"],
    ]


def test_the_rows_of_a_sheet_and_the_items_of_a_list_come_back_too(tmp_path: Path):
    sheet = of_rows(tmp_path / "x.xlsx", [["Leads"], ["Id", "Note"], ["1", "a"], [], ["2", "=b"]])
    items = tmp_path / "x.json"
    items.write_text('[{"id": 1}, {"id": "é"}]')
    lines = tmp_path / "x.ndjson"
    lines.write_text('{"id": 1}\n\n{"id": 2}\n')

    assert faulty(sheet, RowFault(5, "x", "y")) == [[*HEADER, "Id", "Note"], ["5", "x", "y", "2", "=b"]]
    assert faulty(items, RowFault(1, "x", "y")) == [[*HEADER, "Record"], ["1", "x", "y", '{"id": "é"}']]
    assert faulty(lines, RowFault(3, "x", "y")) == [[*HEADER, "Record"], ["3", "x", "y", '{"id": 2}']]


@pytest.mark.parametrize("write", [written_as_csv, written_as_xlsx])
def test_a_corrected_file_is_read_as_the_rows_it_has(tmp_path: Path, write: Any):
    path, again = tmp_path / "x.csv", tmp_path / "again"
    path.write_text("Id,Note\n1,=1+1\n2,'b\n3,+49 30 1\n")
    faults = [RowFault(line, "x", "y") for line in (2, 3, 4)]
    with faulty_rows(path, look(path).reading, faults) as table:
        write(table, again)

    read = read_again(again)

    assert [cells(item, "Id", "Note") for item in read] == [
        {"Id": "1", "Note": "=1+1"},
        {"Id": "2", "Note": "'b"},
        {"Id": "3", "Note": "+49 30 1"},
    ]
    # What was wrong before is not told again.
    assert faulty(again, RowFault(3, "z", "New.")) == [[*HEADER, "Id", "Note"], ["3", "z", "New.", "2", "'b"]]


texts = st.text(st.sampled_from("ab'=+-@,;\" é"), max_size=6)


@given(rows=st.lists(st.tuples(texts, texts), max_size=5))
def test_what_is_given_back_is_what_was_sent(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]):
    folder = tmp_path_factory.mktemp("rows")
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows([("Id", "Note"), *rows])
    (folder / "x").write_text(written.getvalue(), newline="")
    leads = LeadsFile(folder / "x", by_columns("Id", "Note"))
    sent = [placed for part in leads.parts() for placed in part.items]
    assert leads.reading is not None
    every = [RowFault.at(pointer, code="x", message="y") for pointer, _ in sent]
    with faulty_rows(folder / "x", leads.reading, every) as table:
        written_as_csv(table, folder / "again")

    again = read_again(folder / "again")

    # A field that looks like rows waits in both.
    assert [_content(item) for item in again] == [_content(item) for _, item in sent]


def _content(item: Any) -> Any:
    return "waits" if isinstance(item, Malformed) else cells(item, "Id", "Note")
