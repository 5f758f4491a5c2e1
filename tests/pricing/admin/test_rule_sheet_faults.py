"""Faults in a spreadsheet of price rules: each with its row and column, and nothing imported."""

import re
from datetime import datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client

from billing_engine.core.calendar.wall_clock import read
from pricing.admin.rules.form import NO_NUMBER
from pricing.models import PriceRule
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory
from tests.pricing.admin.test_rule_sheets import (
    FROM,
    PRICE,
    as_csv,
    as_xlsx,
    confirm,
    counts,
    dry_run,
    exported,
    faults,
    page_of,
    row,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("facts", "column", "words"),
    [
        ({"id": "9" * 30}, "id", f"There is no rule {'9' * 30}. Leave the id empty to create a new one."),
        ({"unit price": "-1"}, "unit price", "Price can't be negative."),
        ({"unit price": "1" * 30}, "unit price", "Ensure that there are no more than 16 digits in total."),
        ({"priority": "99999"}, "priority", "Ensure this value is less than or equal to 32767."),
        ({"currency": "USX"}, "currency", "USX is not an ISO 4217 currency code, such as USD."),
        ({"id": "999999"}, "id", "There is no rule 999999. Leave the id empty to create a new one."),
        ({"customer": "UNKNOWN"}, "customer", "Nothing has the code “UNKNOWN”."),
        ({"product": "NONE"}, "product", "No product has the SKU “NONE”."),
        ({"product": "TWICE"}, "product", "Several customers have the SKU “TWICE”: name the customer."),
        (
            {"highest only": "yes", "free units": "5"},
            "highest only",
            "Highest only can't be combined with a free allowance. It needs a per-unit or percentage price without an"
            " allowance.",
        ),
        ({"highest only": "maybe"}, "highest only", "“maybe” is neither yes nor no."),
        ({"tiers": "up to ten"}, "tiers", "“up to ten” is not a tier. Write “100: 2.40” or “500: 1.80 + 20”."),
        (
            {"price model": "graduated", "tiers": "10: 1; 5: 2; : 3"},
            "tiers",
            "Tier 2: Tiers must ascend. This one must end after 10.",
        ),
        ({"price model": "volume"}, "tiers", "A volume price needs tiers, and the last one must have no end."),
        (
            {"price model": "cheap"},
            "price model",
            "“cheap” is not one of: per unit, graduated, volume, package, percentage, graduated percentage.",
        ),
        ({PRICE: ""}, "unit price", "Enter a unit price, which can be 0."),
        ({"effective to": "2026-10-01"}, "effective to", "A rule must end after it starts."),
        (
            {FROM: "next month"},
            FROM,
            "“next month” is not a day such as 2026-12-01, or a time such as 2026-12-01T09:00.",
        ),
        (
            {FROM: "01/12/2026"},
            FROM,
            "“01/12/2026” is ambiguous, because the month or the day may come first. Put the year first, such as 2026-12-01.",
        ),
        (
            {FROM: "2026-12-01T09:00-05:00"},
            FROM,
            "“2026-12-01T09:00-05:00” has an offset. A rule starts and ends at this time in each customer’s own time zone, so"
            " write it without one, such as 2026-12-01T09:00.",
        ),
        (
            {"channel": "webinars"},
            "channel",
            "“webinars” is not one of: website, social media, email campaign, referral, webinar, event, demo request,"
            " trade show, conference, newsletter, feedback.",
        ),
        ({"once per": "person per month"}, "once per", "“person per month” is not one of: per lead, per person."),
        ({"tiers": "1: 1;" * 1_900}, "tiers", "These are 1,900 tiers. A price can have at most 1,000."),
        ({PRICE: "18,50"}, PRICE, NO_NUMBER),
        ({PRICE: "dear"}, PRICE, NO_NUMBER),
        ({"price model": "volume", "tiers": "10: 18,50; : 1"}, "tiers", f"Tier 1: {NO_NUMBER}"),
        (
            {"action type": "sample_ordr"},
            "action type",
            "Nothing has the code “sample_ordr”. Did you mean sample_order?",
        ),
        ({"name": ""}, "name", "This field is required."),
        ({"once per": "lead"}, "once days", "Enter the number of days, at least 1."),
    ],
)
def test_each_fault_is_told_with_its_row_and_column(
    operations: Client, facts: dict[str, Any], column: str, words: str
) -> None:
    ActionTypeFactory.create(code="sample_order")
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
    """A workbook with one part replaced."""
    out = BytesIO()
    with ZipFile(BytesIO(as_xlsx([row()]))) as whole, ZipFile(out, "w") as broken:
        for name in whole.namelist():
            broken.writestr(name, content if name == part else whole.read(name))
    return out.getvalue()


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"])
@pytest.mark.parametrize("content", [b"", b"<a><b></a>", b"<a/>"])
def test_a_broken_workbook_is_told(operations: Client, part: str, content: bytes) -> None:
    asked = dry_run(operations, broken_xlsx(part, content))
    assert asked.state == "failed"
    assert asked.message in ("This is neither a UTF-8 CSV nor an XLSX file.", "There are no rows below the header.")


def test_a_workbook_that_claims_to_be_enormous_is_read_as_it_is(operations: Client) -> None:
    sheet = ZipFile(BytesIO(as_xlsx([row()]))).read("xl/worksheets/sheet1.xml")
    claimed = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', sheet)
    assert claimed != sheet
    asked = dry_run(operations, broken_xlsx("xl/worksheets/sheet1.xml", claimed))
    assert (faults(asked), counts(asked)) == ([], (1, 0))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name,priority\n", "There are no rows below the header."),
        (b"name,name\nx,y\n", "Duplicate columns in the header: name."),
        (b"name,unit price\nx,2,50\n", "Row 2 has more cells than there are columns in the header."),
    ],
)
def test_a_table_that_loses_cells_is_refused(operations: Client, content: bytes, words: str) -> None:
    made = dry_run(operations, content)
    assert (made.state, made.message) == ("failed", words)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"PK\x03\x04 and no more", b"a\0b"])
def test_what_is_no_table_is_told(operations: Client, content: bytes) -> None:
    made = dry_run(operations, content)
    assert (made.state, made.message) == ("failed", "This is neither a UTF-8 CSV nor an XLSX file.")


def test_an_unknown_column_is_told_and_not_lost(operations: Client) -> None:
    asked = dry_run(operations, as_csv([{**row(), "unitprice": "3"}]))
    assert asked.state == "failed"
    assert asked.message.startswith("Unknown columns: unitprice. Known columns: id, name, state")


@pytest.mark.parametrize("channel", ["Trade show", "trade_show", "trade show", "TRADE-SHOW"])
def test_labels_are_understood_as_well_as_codes(operations: Client, channel: str) -> None:
    cells = row(channel=channel, **{"price model": "Per unit", "once per": "per lead", "once days": "30"})

    confirm(operations, dry_run(operations, as_csv([cells])))

    rule = PriceRule.objects.get()
    assert (rule.channel, rule.price_model, rule.once_per) == ("trade_show", "per_unit", "lead")


def test_a_row_without_a_currency_takes_the_customers(operations: Client) -> None:
    CustomerFactory.create(code="TOKYO", currency="JPY"), CustomerFactory.create(code="ACME")
    asked = dry_run(operations, as_csv([row(customer="TOKYO", currency=""), row(customer="", currency="")]))

    words = "Choose a currency. A rule prices customers of one currency."
    assert faults(asked) == [(3, "currency", words)]
    confirm(operations, dry_run(operations, as_csv([row(customer="TOKYO", currency="")])))
    assert PriceRule.objects.get().currency == "JPY"


def test_the_dry_run_shows_what_each_new_draft_is_and_what_to_think_about(operations: Client) -> None:
    product = ProductFactory.create(category="brick", customer__code="ACME")
    SourceFactory.create()
    cells = row(customer="ACME", category="bricks", **{"effective to": "2027-01-01", "price model": "graduated"})
    cells |= {PRICE: "", "tiers": "10: 2; : 1"}

    asked = dry_run(operations, as_csv([cells]))

    (shown,) = asked.report["drafts"]
    assert (shown["begins"], shown["price"]) == (
        "November 1, 2026 until January 1, 2027",
        "$2.00 each for units 1–10 of a period, then $1.00 each for units 11 and above",
    )
    assert f"No product of {product.customer} is in the category “bricks”. Did you mean “brick”?" in [
        warning["sentence"] for warning in shown["warnings"]
    ]
    page = operations.get(page_of(asked)).content.decode()
    assert [words in page for words in ("November 1, 2026", "bricks", "Did you mean “brick”?")] == [True] * 3
    assert PriceRule.objects.count() == 0
