"""The process that reads a workbook: `python -m leads.domain.files.sheets.child '{"path": …}'` writes its rows to stdout.

The first line is what the workbook has, each further line is a row (`[number, cells, faults]`), and the last line is an
empty object, so that a reader knows that no row is missing.
"""

import json
import resource
import sys
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO
from zipfile import BadZipFile

import msgspec
from lxml import etree
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum

from leads.domain.files.sheets.archive import check_size
from leads.domain.files.sheets.bounds import (
    CELL_ERROR,
    COLUMNS,
    FORMULA_WITHOUT_VALUE,
    MERGED,
    NUMBER_DAMAGED,
    REFUSED,
    ROWS_LOOKED_AT,
    SheetRefused,
)
from leads.domain.files.sheets.cells import Damaged, text_of
from leads.domain.files.sheets.flaws import Flaws, flaws_in
from leads.domain.files.sheets.merged import Area, MergedAreas
from leads.domain.files.sheets.places import cell_place

END = b"{}"
DAMAGED = "is a damaged workbook. Save it again and upload the new file"
PANIC = "PanicException"  # of the library, for a few files that are damaged in odd places; it can't be imported
_encode = msgspec.json.Encoder().encode


def main() -> None:
    """Read one sheet, within the bounds given."""
    asked = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (asked["memory"], asked["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"], asked["seconds"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        _write(asked, sys.stdout.buffer)
    except SheetRefused as refusal:
        words = str(refusal)
    except MemoryError:
        words = "needs more memory than a workbook may. Split it, or export it as CSV."
    except (
        CalamineError,
        BadZipFile,
        zlib.error,
        etree.XMLSyntaxError,
        OSError,
        ValueError,
        NotImplementedError,
    ) as error:
        words = f"{DAMAGED} ({str(error)[:200]})."
    except BaseException as error:
        if type(error).__name__ != PANIC:
            raise
        words = f"{DAMAGED}."
    else:
        return
    # On a line of its own: the library writes there, too.
    sys.stderr.write("\n" + " ".join(words.split()))
    sys.exit(REFUSED)


def _write(asked: dict[str, Any], out: BinaryIO) -> None:
    archive = check_size(asked["path"])
    workbook = _opened(asked["path"])
    chosen, sizes = _chosen(workbook, asked)
    sheet = workbook.get_sheet_by_name(chosen)
    rows, width = _size_of(sheet)
    if width > COLUMNS:
        raise SheetRefused(f"has {width:,} columns in the sheet {chosen!r}; the limit is {COLUMNS:,}.")
    areas = _areas(sheet)
    flaws = flaws_in(archive, chosen) if archive is not None else {}
    out.write(_encode({"sheet": chosen, "sheets": sizes, "merged": areas, "is_checked": archive is not None}) + b"\n")
    merged = MergedAreas(areas, header=asked["header"] or rows)
    most = ROWS_LOOKED_AT if asked["is_look"] else rows
    out.writelines(_encode(row) + b"\n" for row in islice(_rows(sheet, flaws, merged), most))
    out.write(END + b"\n")


def _opened(path: str) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(path)
    except CalamineError as error:
        if "password" in str(error).lower():
            raise SheetRefused("is protected with a password. Save it without one and upload it again.") from error
        raise


def _chosen(workbook: CalamineWorkbook, asked: dict[str, Any]) -> tuple[str, list[tuple[str, int, int]]]:
    """Return the sheet to read, by default the first with a filled cell, and the sizes of all if they are needed."""
    names = [each.name for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    chosen, sizes = asked["sheet"], list[tuple[str, int, int]]()
    if not chosen or asked["is_look"]:
        sizes = [_size(workbook, name) for name in names]
        chosen = chosen or next((name for name, rows, _ in sizes if rows), "")
        if not chosen:
            raise SheetRefused("is a workbook without any filled cell.")
    if chosen not in names:
        raise SheetRefused(f"has no sheet {chosen!r}.")
    return chosen, sizes


def _size(workbook: CalamineWorkbook, name: str) -> tuple[str, int, int]:
    return name, *_size_of(workbook.get_sheet_by_name(name))


def _size_of(sheet: CalamineSheet) -> tuple[int, int]:
    """The rows and columns from A1 to the last filled cell; the declared size of a sheet is often wrong."""
    return (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end else (0, 0)


def _areas(sheet: CalamineSheet) -> list[Area]:
    areas = list(sheet.merged_cell_ranges or [])
    if len(areas) > MERGED:
        raise SheetRefused(f"has {len(areas):,} merged areas; the limit is {MERGED:,}.")
    return areas


def _rows(sheet: CalamineSheet, flaws: Flaws, merged: MergedAreas) -> Iterator[tuple[int, list[str], list[Any]]]:
    """Yield the rows from the first of the sheet on, each from its first column on."""
    left = sheet.start[1] if sheet.start else 0
    for number, values in enumerate(sheet.iter_rows()):
        faults = [_fault(number, column, *flaw) for column, flaw in sorted(flaws.get(number, {}).items())]
        cells = [""] * left
        for column, value in enumerate(values, start=left):
            if value == "":
                cells.append("")
                continue
            try:
                cells.append(text_of(value))
            except Damaged:
                cells.append(repr(value))
                faults.append(_damaged(number, column, value))
        cells = merged.fill(number, cells)
        while cells and not cells[-1]:
            cells.pop()
        yield number + 1, cells, faults


def _fault(row: int, column: int, code: str, error: str) -> tuple[int, str, str]:
    place = cell_place(row, column)
    words = {
        CELL_ERROR: f"Cell {place} holds the error {error}. Correct it in the workbook and import it again.",
        FORMULA_WITHOUT_VALUE: f"Cell {place} holds a formula without its value. Open the workbook in a spreadsheet program,"
        " save it once, and import it again.",
    }
    return column, code, words[code]


def _damaged(row: int, column: int, value: object) -> tuple[int, str, str]:
    words = (
        f"Cell {cell_place(row, column)} holds the number {value!r}, of which a spreadsheet keeps only the first 15 digits."
        " Format the column as text, enter the number again, and import the workbook again."
    )
    return column, NUMBER_DAMAGED, words


if __name__ == "__main__":
    main()
