"""Make records of rows: the fields by their columns, or why the row can't be one."""

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Any

from billing_engine.core.tables.csv import STARTS_A_FORMULA
from leads.domain.body.decode import ROW_MALFORMED
from leads.domain.faults import Fault, Flawed, Malformed
from leads.domain.files.rows import Row
from leads.domain.files.sheets.places import column_letters
from leads.domain.files.sheets.process import SheetRow

ROWS_IN_A_FIELD = "rows_in_a_field"
TEXT_KEPT = 10_000  # characters of an unreadable row; the delivery has all of it
GUARD = "'"
# What a file of faulty rows has in front of the original columns; a mapping doesn't use them when it comes back.
IMPORT_COLUMNS = ("Import line", "Import fault", "Import message")


def is_flawed(item: Any) -> bool:
    """Return whether an item can't be a lead, or one of its actions can't be an action."""
    return isinstance(item, Malformed | Flawed)


def csv_line(cells: Sequence[str]) -> bytes:
    """Write a row as it is kept with the delivery."""
    written = StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerow(cells)
    return written.getvalue().encode("utf-8", "surrogatepass")


def unguarded(field: str) -> str:
    """Return a field without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    is_guarded = field.startswith(GUARD) and field.lstrip(f"{GUARD} ").startswith(STARTS_A_FORMULA)
    return field[1:] if is_guarded else field


def record_of(names: Sequence[str], row: Row, encoding: str) -> dict[str, str] | Malformed:
    """Return a row of a text file by its columns, or why it can't be read."""
    fits = len(row.fields) == len(names)
    fields = [unguarded(field) for field in row.fields] if IMPORT_COLUMNS[0] in names else row.fields
    record = dict(zip(names, fields, strict=True)) if fits else {}
    if row.why:
        # Keep it by columns if they are known, so that it can be corrected in the admin.
        text = row.text(encoding)
        content = text[:TEXT_KEPT] if len(text) > TEXT_KEPT else record or list(row.fields) or text
        return Malformed(content, Fault(ROW_MALFORMED, "", row.why))
    if row.within is None:
        return record
    first, last = row.within
    which = f"line {first:,} looks like a row" if first == last else f"lines {first:,} to {last:,} look like rows"
    words = (
        f"A quote opens on line {row.line:,} and closes on line {row.line + len(row.lines) - 1:,}, so that {which} of the"
        " table. If a quote is missing, fix the file and import it again. If the field is correct, retry this item."
    )
    return Malformed(record, Fault(ROWS_IN_A_FIELD, "", words))


def sheet_row(names: list[str], found: SheetRow, asked: set[str]) -> Row:
    """Return a row of a sheet; cells in columns that nothing asks for may be at fault."""
    faults = [fault for fault in found.cell_faults if fault.column < len(names) and names[fault.column] in asked]
    return Row(found.number, [csv_line(found.cells)], found.cells, faults=faults)


def sheet_record(names: list[str], row: Row) -> dict[str, str] | Malformed:
    """Return a row of a sheet by its columns, or which of its cells has no value."""
    cells = row.fields + [""] * (len(names) - len(row.fields))
    record = {
        name or f"Column {column_letters(column)}": cell
        for column, cell in enumerate(cells)
        if (name := names[column] if column < len(names) else "") or cell
    }
    if not row.faults:
        return record
    column, code, message = row.faults[0]
    more = f" {len(row.faults) - 1:,} more cells of the row have a fault." if len(row.faults) > 1 else ""
    step = names[column].replace("~", "~0").replace("/", "~1")
    return Malformed(record, Fault(code, f"/{step}", message + more))
