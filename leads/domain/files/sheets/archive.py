"""The ZIP archive of a workbook: its declared size, and where the XML of a sheet is."""

from posixpath import join, normpath
from typing import IO
from zipfile import BadZipFile, ZipFile

from lxml import etree

from leads.domain.files.sheets.bounds import UNPACKED_BYTES, SheetRefused

_SHEET = "{*}sheet"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_RELATION_STRICT = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
WORKBOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"


def check_size(path: str) -> ZipFile | None:
    """Return the archive, if the workbook is one that unpacks to a size we read. Raises SheetRefused."""
    try:
        archive = ZipFile(path)
    except BadZipFile:
        return None
    unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > UNPACKED_BYTES:
        raise SheetRefused(
            f"unpacks to {unpacked:,} bytes, more than the limit of {UNPACKED_BYTES:,}. Split it, or export it as CSV."
        )
    return archive


def sheet_xml(archive: ZipFile, sheet: str) -> IO[bytes] | None:
    """Open the XML of a sheet; None for workbooks that don't have it."""
    names = {name.lower(): name for name in archive.namelist()}
    if WORKBOOK not in names or RELATIONS not in names:
        return None
    key = next(
        (
            found.get(_RELATION) or found.get(_RELATION_STRICT)
            for found in _parsed(archive, names[WORKBOOK]).iter(_SHEET)
            if found.get("name") == sheet
        ),
        None,
    )
    relations = _parsed(archive, names[RELATIONS])
    target = next((each.get("Target") for each in relations if key and each.get("Id") == key), None)
    if not target:
        return None
    place = normpath(target.lstrip("/") if target.startswith("/") else join("xl", target))
    return archive.open(names[place.lower()]) if place.lower() in names else None


def _parsed(archive: ZipFile, name: str) -> etree._Element:
    with archive.open(name) as file:
        return etree.parse(file, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)).getroot()
