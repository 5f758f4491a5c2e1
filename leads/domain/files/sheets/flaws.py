"""Find the cells of a sheet that hold an error, or a formula without its value: a reader of values takes both for blank."""

import re
from typing import IO
from zipfile import ZipFile

from lxml import etree

from leads.domain.files.sheets.archive import sheet_xml
from leads.domain.files.sheets.bounds import CELL_ERROR, FAULTS, FORMULA_WITHOUT_VALUE, SheetRefused
from leads.domain.files.sheets.places import column_number

Flaws = dict[int, dict[int, tuple[str, str]]]  # row and column from 0: the code, and the error

_MARKS = re.compile(rb"""[<:]f[\s>/]|\bt\s*=\s*["']e["']""")
_PLACE = re.compile(r"([A-Za-z]+)(\d+)")
CHUNK, LONGEST_MARK = 1024 * 1024, 64


def flaws_in(archive: ZipFile, sheet: str) -> Flaws:
    """Return the cells without a usable value. Raises SheetRefused if there are too many."""
    xml = sheet_xml(archive, sheet)
    if xml is None:
        return {}
    with xml:
        if not _has_marks(xml):
            return {}
    xml = sheet_xml(archive, sheet)
    if xml is None:
        return {}
    with xml:
        return _scanned(xml)


def _has_marks(xml: IO[bytes]) -> bool:
    """Return whether there is a formula or an error at all; most files have none, and are read in a third of the time."""
    rest = b""
    while chunk := xml.read(CHUNK):
        if _MARKS.search(rest + chunk):
            return True
        rest = chunk[-LONGEST_MARK:]
    return False


def _scanned(xml: IO[bytes]) -> Flaws:
    found: Flaws = {}
    count, row, column = 0, -1, -1
    for event, element in etree.iterparse(
        xml, events=("start", "end"), tag=("{*}row", "{*}c"), resolve_entities=False, no_network=True
    ):
        is_row = etree.QName(element).localname == "row"
        if event == "start":
            if is_row:
                row, column = _row(element.get("r"), row), -1
            continue
        if is_row:
            _forget(element)
            continue
        row, column = _cell(element.get("r"), row, column)
        if flaw := _flaw(element):
            found.setdefault(row, {})[column] = flaw
            count += 1
            if count > FAULTS:
                raise SheetRefused(
                    f"has more than {FAULTS:,} cells with an error or a formula without a value. Open it in a spreadsheet"
                    " program, save it once, and correct the errors."
                )
    return found


def _row(given: str | None, before: int) -> int:
    return int(given) - 1 if given and given.isdecimal() else before + 1


def _cell(given: str | None, row: int, before: int) -> tuple[int, int]:
    match = _PLACE.fullmatch(given or "")
    return (int(match[2]) - 1, column_number(match[1])) if match else (row, before + 1)


def _flaw(cell: etree._Element) -> tuple[str, str] | None:
    value = cell.find("{*}v")
    text = (value.text or "") if value is not None else ""
    if cell.get("t") == "e":
        return CELL_ERROR, text or "an error"
    is_empty_text = cell.get("t") == "str" and value is not None
    if cell.find("{*}f") is not None and not text and not is_empty_text:
        return FORMULA_WITHOUT_VALUE, ""
    return None


def _forget(row: etree._Element) -> None:
    row.clear()
    while row.getprevious() is not None:
        parent = row.getparent()
        if parent is None:
            return
        del parent[0]
