"""Workbooks in the other formats, written byte by byte: XLS (BIFF8 in an OLE file), XLSB and ODS."""

import struct
from collections.abc import Sequence
from io import BytesIO
from zipfile import ZipFile

Cell = str | int | float
Rows = Sequence[Sequence[Cell]]

_OASIS = "urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"
_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def as_ods(rows: Rows) -> bytes:
    """An ODS file with one sheet."""
    cells = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    names = " ".join(f'xmlns:{name}="{_OASIS.format(name=name)}"' for name in ("office", "table", "text"))
    content = (
        f'<office:document-content {names}><office:body><office:spreadsheet><table:table table:name="Leads">{cells}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    manifest = f'<manifest:manifest xmlns:manifest="{_OASIS.format(name="manifest")}"/>'
    return _zipped(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content.encode(),
            "META-INF/manifest.xml": manifest.encode(),
        }
    )


def as_xlsb(rows: Rows) -> bytes:
    """An XLSB file with one sheet."""
    sheet = _bits(129) + _bits(148, struct.pack("<4I", 0, len(rows) - 1, 0, len(rows[0]) - 1)) + _bits(145)
    for number, row in enumerate(rows):
        sheet += _bits(0, struct.pack("<I", number) + bytes(13))
        for column, value in enumerate(row):
            at = struct.pack("<II", column, 0)
            sheet += _bits(6, at + _wide(value)) if isinstance(value, str) else _bits(5, at + struct.pack("<d", value))
    sheet += _bits(146) + _bits(130)
    book = _bits(131) + _bits(143) + _bits(156, struct.pack("<II", 0, 1) + _wide("rId1") + _wide("Leads")) + _bits(144)
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{relation}" Target="worksheets/sheet1.bin"/></Relationships>'
    )
    return _zipped(
        {
            "[Content_Types].xml": b"<Types/>",
            "xl/workbook.bin": book + _bits(132),
            "xl/_rels/workbook.bin.rels": relations.encode(),
            "xl/worksheets/sheet1.bin": sheet,
        }
    )


def as_xls(rows: Rows) -> bytes:
    """An XLS file with one sheet."""
    name = b"\x05\x00Leads"
    start = lambda kind: _record(0x0809, struct.pack("<4H", 0x0600, kind, 0, 0) + bytes(8))  # noqa: E731 -- two uses
    sheet = start(0x0010) + _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, len(rows[0]), 0))
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            at = struct.pack("<3H", number, column, 0)
            if isinstance(value, str):
                sheet += _record(0x0204, at + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
            else:
                sheet += _record(0x0203, at + struct.pack("<d", value))
    sheet += _record(0x000A)
    globals_ = start(0x0005)
    place = len(globals_) + 4 + 6 + len(name) + 4
    globals_ += _record(0x0085, struct.pack("<IH", place, 0) + name) + _record(0x000A)
    return _ole(globals_ + sheet)


def _ole(stream: bytes) -> bytes:
    """An OLE file with one stream, Workbook: a sector of the FAT, one of the directory, and the stream."""
    stream = stream.ljust(max(8 * _SECTOR, -(-len(stream) // _SECTOR) * _SECTOR), b"\0")
    sectors = len(stream) // _SECTOR
    fat = [_FAT, _END, *(range(3, 2 + sectors)), _END]
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<9I", 0, 1, 1, 0, 4096, _END, 0, _END, 0) + struct.pack("<109I", 0, *[_FREE] * 108)
    directory = _entry("Root Entry", 5, child=1, start=_END, size=0) + _entry("Workbook", 2, start=2, size=len(stream))
    directory += bytes(256)
    return head + struct.pack("<128I", *fat, *[_FREE] * (128 - len(fat))) + directory + stream


def _entry(name: str, kind: int, *, start: int, size: int, child: int = _FREE) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(text), kind, 1, _FREE, _FREE, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )


def _record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _bits(kind: int, content: bytes = b"") -> bytes:
    """A record of XLSB: kind and length in groups of seven bits."""
    return _groups(kind) + _groups(len(content)) + content


def _groups(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _groups(rest) if rest else bytes([low])


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _ods_cell(value: Cell) -> str:
    if isinstance(value, str):
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'


def _zipped(parts: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()
