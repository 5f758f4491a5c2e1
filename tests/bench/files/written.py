"""The files that are read: eight columns, one lead with one action in each row."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook

COLUMNS = ["Id", "Mail", "Firm", "Country", "SKU", "Kind", "Day", "Count"]
PRODUCTS = 50
REMARK = "Asked at the booth for samples of three finishes. " * 4
MAPPING: dict[str, Any] = {
    "fields": {
        "id": "Id",
        "product.sku": "SKU",
        "contact.email": "Mail",
        "contact.firm": "Firm",
        "contact.country": "Country",
    },
    "actions": [
        {
            "when": "Count",
            "fields": {
                "id": {"constant": "visit"},
                "type": {"from": "Kind", "text": "slug"},
                "quantity": "Count",
                "occurred_at": {"from": "Day", "date": "day_first", "zone": "Europe/Berlin"},
            },
        }
    ],
}


def rows(first: int, count: int) -> Iterator[list[str]]:
    for number in range(first, first + count):
        day = f"{1 + number % 28:02}.10.2026"
        yield [
            f"L-{number}",
            f"person{number}@studio.example",
            f"Studio {number % 997}",
            "DE",
            f"SKU-{number % PRODUCTS}",
            "Web visit",
            day,
            str(1 + number % 9),
        ]


def csv_file(path: Path, first: int, count: int) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(COLUMNS) + "\n")
        file.writelines(",".join(row) + "\n" for row in rows(first, count))
    return path


def csv_of(path: Path, megabytes: int) -> Path:
    """A CSV file of this size, with a long text in each row."""
    first, size = 0, 0
    with path.open("w", encoding="utf-8") as file:
        size += file.write(",".join([*COLUMNS, "Remark"]) + "\n")
        while size < megabytes * 1_000_000:
            size += file.write("".join(f"{','.join(row)},{REMARK}\n" for row in rows(first, 1_000)))
            first += 1_000
    return path


def workbook(path: Path, count: int) -> Path:
    """A workbook whose counts are numbers."""
    with Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Leads")
        sheet.write_row(0, 0, COLUMNS)
        for place, row in enumerate(rows(0, count), start=1):
            sheet.write_row(place, 0, row[:-1])
            sheet.write_number(place, len(row) - 1, int(row[-1]))
    return path


def lead_of(row: list[str]) -> dict[str, Any]:
    """What the mapping makes of a row."""
    id_, mail, firm, country, sku, _, day, count = row
    at = f"2026-10-{day[:2]}T00:00:00+02:00"
    action = {"id": "visit", "type": "web_visit", "quantity": int(count), "occurred_at": at}
    contact = {"email": mail, "firm": firm, "country": country}
    return {"id": id_, "product": {"sku": sku}, "contact": contact, "actions": [action]}


def json_list(path: Path, megabytes: int) -> Path:
    size, number = 0, 0
    with path.open("wb") as file:
        file.write(b"[")
        while size < megabytes * 1_000_000:
            text = b",\n".join(json.dumps(lead_of(row)).encode() for row in rows(number, 1_000))
            size += file.write(text if number == 0 else b",\n" + text)
            number += 1_000
        file.write(b"]")
    return path
