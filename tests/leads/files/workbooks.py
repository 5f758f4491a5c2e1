"""Workbooks for tests, written cell by cell."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

FORMATS = {"day": "yyyy-mm-dd", "minute": "yyyy-mm-dd hh:mm", "second": "yyyy-mm-dd hh:mm:ss", "hours": "[h]:mm:ss"}


def workbook(path: Path, fill: Callable[[Worksheet, dict[str, Any]], None], **options: Any) -> Path:
    """Write a workbook with one sheet."""
    with Workbook(path, options) as book:
        formats = {name: book.add_format({"num_format": form}) for name, form in FORMATS.items()}
        fill(book.add_worksheet("Leads"), formats)
    return path


def of_rows(path: Path, rows: list[list[Any]]) -> Path:
    """Write rows from A1 on."""

    def fill(sheet: Worksheet, _: dict[str, Any]) -> None:
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)

    return workbook(path, fill, strings_to_formulas=False, strings_to_urls=False)


def changed(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """Change one file within the workbook."""
    with ZipFile(path) as archive:
        content = {entry: archive.read(entry) for entry in archive.namelist()}
    content[name] = change(content[name])
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for entry, text in content.items():
            archive.writestr(entry, text)
    return path


SHEET = "xl/worksheets/sheet1.xml"
