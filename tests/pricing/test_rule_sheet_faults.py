"""What a spreadsheet of price rules is refused for: each fault with its row and column, and nothing imported."""

import re
from datetime import datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client

from billing_engine.core.wall_clock import read
from pricing.models import PriceRule
from tests.factories.leads import ProductFactory
from tests.factories.people import with_role
from tests.pricing.test_rule_sheets import FROM, PRICE, as_csv, as_xlsx, confirm, dry_run, exported, faults, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def operations(client: Client) -> Client:
    client.force_login(with_role("Operations"))
    return client


@pytest.mark.parametrize(
    ("facts", "column", "words"),
    [
        ({"id": "9" * 30}, "id", f"There is no rule {'9' * 30}; leave it empty for a new one."),
        ({"unit price": "-1"}, "unit price", "A price is not negative."),
        ({"unit price": "1" * 30}, "unit price", "Ensure that there are no more than 16 digits in total."),
        ({"priority": "99999"}, "priority", "Ensure this value is less than or equal to 32767."),
        ({"currency": "USX"}, "currency", "Select a valid choice. USX is not one of the available choices."),
        ({"id": "999999"}, "id", "There is no rule 999999; leave it empty for a new one."),
        ({"customer": "NOBODY"}, "customer", "Nothing has the code «NOBODY»."),
        ({"product": "NONE"}, "product", "No product has the SKU «NONE»."),
        ({"product": "TWICE"}, "product", "Several customers have the SKU «TWICE»: name the customer."),
        ({"highest only": "maybe"}, "highest only", "«maybe» is neither yes nor no."),
        ({"tiers": "up to ten"}, "tiers", "«up to ten» is no tier: write «100: 2.40» or «500: 1.80 + 20»."),
        (
            {"price model": "graduated", "tiers": "10: 1; 5: 2; : 3"},
            "tiers",
            "Tier 2: Tiers ascend: this one must end after 10.",
        ),
        ({"price model": "volume"}, "tiers", "A volume price needs tiers; the last one has no end."),
        ({"price model": "cheap"}, "price model", "Select a valid choice. cheap is not one of the available choices."),
        ({PRICE: ""}, "unit price", "A per unit price needs a unit price; 0 is one."),
        ({"effective to": "2026-10-01"}, "effective to", "A rule ends after it begins."),
        (
            {FROM: "next month"},
            FROM,
            "“next month” is not a day such as 2026-12-01, or a time such as 2026-12-01T09:00.",
        ),
        (
            {FROM: "01/12/2026"},
            FROM,
            "“01/12/2026” is ambiguous: the month may come first or the day. Put the year first, such as 2026-12-01.",
        ),
        (
            {FROM: "2026-12-01T09:00-05:00"},
            FROM,
            "“2026-12-01T09:00-05:00” has an offset. A rule begins and ends at this time in each customer’s own time zone:"
            " write it without, such as 2026-12-01T09:00.",
        ),
        ({"name": ""}, "name", "This field is required."),
        ({"once per": "lead"}, "once days", "Within how many days? At least 1."),
    ],
)
def test_each_fault_is_told_with_its_row_and_column(
    operations: Client, facts: dict[str, Any], column: str, words: str
) -> None:
    for _ in range(2):
        ProductFactory.create(sku="TWICE")

    asked = dry_run(operations, as_csv([row(**facts)]))

    assert (faults(asked), PriceRule.objects.count()) == ([(2, column, words)], 0)


@pytest.mark.parametrize(
    ("cell", "begins"),
    [
        ("2026-12-01", "2026-12-01"),
        ("2026-12-01T09:00", "2026-12-01T09:00"),
        (datetime(2026, 12, 1), "2026-12-01"),  # noqa: DTZ001 -- a date cell, as a spreadsheet has it
        (datetime(2026, 12, 1, 9, 0, 0, 2), "2026-12-01T09:00"),  # noqa: DTZ001 -- a hair beside the second
    ],
)
def test_a_day_is_written_with_its_year_first_or_is_a_date_cell(operations: Client, cell: object, begins: str) -> None:
    confirm(operations, dry_run(operations, as_xlsx([row(**{FROM: cell})])))

    assert PriceRule.objects.get().wall_from == read(begins)
    assert exported(operations)[0][FROM] == begins


def broken_xlsx(part: str, content: bytes) -> bytes:
    """A workbook of which one part was replaced by something else."""
    out = BytesIO()
    with ZipFile(BytesIO(as_xlsx([row()]))) as whole, ZipFile(out, "w") as broken:
        for name in whole.namelist():
            broken.writestr(name, content if name == part else whole.read(name))
    return out.getvalue()


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"])
@pytest.mark.parametrize("content", [b"", b"<a><b></a>", b"<a/>"])
def test_a_broken_workbook_is_told(operations: Client, part: str, content: bytes) -> None:
    asked = dry_run(operations, broken_xlsx(part, content))
    (words,) = asked.context["form"].errors["sheet"]
    assert words in ("This is neither a CSV in UTF-8 nor an XLSX.", "There is no row beneath the header.")


def test_a_workbook_that_claims_to_be_enormous_is_read_as_it_is(operations: Client) -> None:
    sheet = ZipFile(BytesIO(as_xlsx([row()]))).read("xl/worksheets/sheet1.xml")
    claimed = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', sheet)
    assert claimed != sheet
    asked = dry_run(operations, broken_xlsx("xl/worksheets/sheet1.xml", claimed))
    assert (faults(asked), asked.context["good_count"]) == ([], 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name,priority\n", "There is no row beneath the header."),
        (b"name,name\nx,y\n", "Twice in the header: name."),
        (b"name,unit price\nx,2,50\n", "Row 2 has more cells than there are columns in the header."),
    ],
)
def test_a_table_that_loses_cells_is_refused(operations: Client, content: bytes, words: str) -> None:
    assert dry_run(operations, content).context["form"].errors == {"sheet": [words]}


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"PK\x03\x04 and no more", b"a\0b"])
def test_what_is_no_table_is_told(operations: Client, content: bytes) -> None:
    asked = dry_run(operations, content)
    assert asked.context["form"].errors == {"sheet": ["This is neither a CSV in UTF-8 nor an XLSX."]}


def test_an_unknown_column_is_told_and_not_lost(operations: Client) -> None:
    asked = dry_run(operations, as_csv([{**row(), "unitprice": "3"}]))
    (words,) = asked.context["form"].errors["sheet"]
    assert words.startswith("Unknown columns: unitprice. There are: id, name, state")
