"""Price rules in a spreadsheet: exported, edited, imported; first a dry run by row, then only drafts."""

import csv
import time
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from billing_engine.core.calendar.wall_clock import read
from billing_engine.core.models import Deed
from billing_engine.core.tables.read import NotASheet, TooManyRows, read_sheet
from pricing.admin.rules.form import NO_NUMBER
from pricing.domain.rule_book.sheet.columns import COLUMNS
from pricing.domain.rule_book.sheet.imports import RULE_IMPORTS
from pricing.models import PriceRule, RuleImport
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory
from tests.factories.people import with_role
from tests.factories.pricing import LONG_AGO, PriceRuleFactory, graduated, tiered
from tests.pricing.admin.test_pages import told

pytestmark = pytest.mark.django_db

IMPORT = "admin:pricing_pricerule_import_rules"
APPLY = "admin:pricing_ruleimport_apply_import"
EXPORT = "admin:pricing_pricerule_export_all"
FROM, PRICE = "effective from", "unit price"

Rows = list[dict[str, Any]]


def exported(client: Client) -> Rows:
    sheet = load_workbook(BytesIO(client.get(reverse(EXPORT)).getvalue())).worksheets[0]
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def as_xlsx(rows: Rows) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
        for cell in sheet[sheet.max_row]:
            cell.data_type = "s" if cell.data_type == "f" else cell.data_type  # typed as text, not as a formula
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def as_csv(rows: Rows, delimiter: str = ",") -> bytes:
    out = StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def upload(client: Client, content: bytes) -> RuleImport:
    """The file is uploaded, and not yet checked."""
    answer = client.post(reverse(IMPORT), {"sheet": SimpleUploadedFile("rules.xlsx", content)})
    made = RuleImport.objects.latest("pk")
    assert (answer.status_code, answer["Location"]) == (302, page_of(made))
    return made


def dry_run(client: Client, content: bytes) -> RuleImport:
    """The file is uploaded, and checked by a worker."""
    made = upload(client, content)
    run_workers()
    made.refresh_from_db()
    return made


def confirm(client: Client, made: RuleImport) -> RuleImport:
    """The person presses Apply, and a worker creates the drafts."""
    client.post(reverse(APPLY, args=[made.pk]))
    run_workers()
    made.refresh_from_db()
    return made


def run_workers() -> None:
    """Whatever is waiting is worked on."""
    at = timezone.now() + timedelta(minutes=5)
    for message in RULE_IMPORTS.due(at=at):
        RULE_IMPORTS.work(**message, at=at)


def page_of(made: RuleImport) -> str:
    return reverse("admin:pricing_ruleimport_change", args=[made.pk])


def faults(made: RuleImport) -> list[tuple[int, str, str]]:
    return [(number, column, words) for number, _, column, words in made.report["faults"]]


def counts(made: RuleImport) -> tuple[int, int]:
    """The drafts to create, and the rows that change nothing."""
    return made.report["draft_count"], made.report["unchanged"]


def row(**facts: object) -> dict[str, Any]:
    """A row of a new rule: $2.50 each from November on."""
    given: dict[str, Any] = {"name": "Samples", "currency": "USD", "price model": "per_unit", PRICE: "2.50"}
    return {FROM: "2026-11-01", **given, **facts}


def state() -> list[dict[str, Any]]:
    return list(PriceRule.objects.order_by("pk").values())


def test_five_hundred_rules_are_changed_by_spreadsheet_and_three_faults_are_found_by_their_rows(
    operations: Client,
) -> None:
    sources = [SourceFactory.create() for _ in range(25)]
    kinds = [ActionTypeFactory.create(code=f"kind_{number}") for number in range(20)]
    for source in sources:
        for kind in kinds:
            PriceRuleFactory.create(source=source, action_type=kind)
    before = state()
    rows = exported(operations)
    for each in rows:
        each |= {FROM: "2026-12-01", PRICE: Decimal("2.75")}
    wrong = [dict(each) for each in rows]
    wrong[10][PRICE] = "dear"
    wrong[200]["action type"] = "sample_ordr"
    wrong[499][FROM] = "2019-01-01"

    asked = dry_run(operations, as_xlsx(wrong))

    assert faults(asked) == [
        (12, "unit price", NO_NUMBER),
        (202, "action type", "Nothing has the code “sample_ordr”."),
        (501, FROM, "A revision must start after the rule it revises, which starts on January 1, 2020."),
    ]
    refused = operations.get(reverse(APPLY, args=[asked.pk]))
    assert "3 rows have faults. Nothing was imported." in refused.content.decode()
    assert confirm(operations, asked).state == "checked"
    assert (counts(asked), state()) == ((497, 0), before)

    good = dry_run(operations, as_xlsx(rows))
    assert (faults(good), counts(good), state()) == ([], (500, 0), before)
    assert confirm(operations, good).state == "applied"

    drafts = PriceRule.objects.filter(state="draft", unit_price=Decimal("2.75"))
    assert set(drafts.values_list("wall_from", flat=True)) == {read("2026-12-01")}
    assert {draft.revises_id for draft in drafts} == {each["id"] for each in before}
    assert [each for each in state() if each["state"] == "active"] == before


def test_what_is_exported_comes_back_unchanged_whatever_its_price_model(operations: Client) -> None:
    customer = CustomerFactory.create(code="ACME")
    PriceRuleFactory.create(
        name="=1+1", customer=customer, product=ProductFactory.create(customer=customer), once_per="lead", once_days=30
    )
    PriceRuleFactory.create(
        price_model="package", unit_price=None, package_size=10, package_price=Decimal("4.5"), priority=2
    )
    PriceRuleFactory.create(
        price_model="percentage", unit_price=None, percent=Decimal("1.3"), minimum=1, highest_only=True, priority=3,
    )  # fmt: skip
    graduated((10, "1", "0"), (None, "0.0125", "2"), category="tiles", wall_to=read("2026-12-01T09:00"))
    tiered("graduated_percentage", (1000, "2", "5"), (None, "1", "0"), channel="webinar")
    PriceRuleFactory.create(draft=True, source=SourceFactory.create(), unit_price=Decimal("0.000001"))
    before = state()

    everything = operations.get(reverse(EXPORT)).getvalue()
    listed = reverse("admin:pricing_pricerule_changelist")
    selected = {"action": "export_csv", "_selected_action": list(PriceRule.objects.values_list("pk", flat=True))}
    as_text = b"".join(operations.post(listed, selected).streaming_content)

    for content in (everything, as_text):
        asked = dry_run(operations, content)
        assert (faults(asked), counts(asked)) == ([], (0, 6))
    assert state() == before


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_new_rules_of_every_kind_are_drafted(operations: Client, delimiter: str) -> None:
    product = ProductFactory.create(sku="TZ-1", customer__code="ACME")
    ActionTypeFactory.create(code="view")
    rows = [
        row(
            customer="acme",
            product="tz-1",
            **{"action type": "View", "highest only": "yes", "once per": "lead", "once days": "30"},
        ),
        row(**{"price model": "graduated", PRICE: "", "tiers": "100: 2.4; 500: 1.8 + 20; : 1.2"}),
        row(**{"price model": "Graduated percentage", PRICE: "", "tiers": "1000: 2;: 1"}),
    ]
    columns = list(dict.fromkeys(name for each in rows for name in each))
    asked = dry_run(operations, as_csv([{name: each.get(name, "") for name in columns} for each in rows], delimiter))

    assert faults(asked) == []
    confirm(operations, asked)

    first, second, third = PriceRule.objects.order_by("pk")
    assert (first.product, first.customer, first.once_days, first.highest_only) == (product, product.customer, 30, True)
    assert list(second.tiers.order_by("up_to").values_list("up_to", "unit_price", "flat_fee")) == [
        (100, Decimal("2.4"), 0),
        (500, Decimal("1.8"), 20),
        (None, Decimal("1.2"), 0),
    ]
    assert list(third.tiers.order_by("up_to").values_list("up_to", "percent")) == [(1000, 2), (None, 1)]
    assert {(rule.state, rule.created_by is None) for rule in (first, second, third)} == {("draft", False)}
    assert list(Deed.objects.order_by("pk").values_list("verb", flat=True)) == [
        "rule_import_started",
        "rule_import_confirmed",
        *["price_rule_drafted"] * 3,
    ]


def test_a_draft_is_changed_and_its_history_says_how(operations: Client) -> None:
    draft = PriceRuleFactory.create(draft=True)
    (cells,) = exported(operations)

    asked = dry_run(operations, as_xlsx([cells | {PRICE: 3, "name": "=Samples"}]))
    (shown,) = asked.report["drafts"]
    assert shown["changed"] == [["name", draft.name, "=Samples"], [PRICE, "2.5", "3"]]
    confirm(operations, asked)

    draft.refresh_from_db()
    assert (draft.unit_price, draft.name, PriceRule.objects.count()) == (3, "=Samples", 1)
    deed = Deed.objects.get(verb="price_rule_edited")
    assert (deed.before, deed.after) == (
        {"Name": cells["name"], "Price": "$2.50 each"},
        {"Name": "=Samples", "Price": "$3.00 each"},
    )


def test_a_rule_in_force_is_revised_from_a_stated_time_and_a_retired_one_not_at_all(operations: Client) -> None:
    active, retired = PriceRuleFactory.create(), PriceRuleFactory.create(state="retired", category="tiles")
    cells = {"id": active.pk, **row(**{FROM: LONG_AGO.strftime("%Y-%m-%d")})}
    asked = dry_run(operations, as_csv([cells, cells, cells | {"id": retired.pk}]))

    begin = "Enter when the revision starts, later than January 1, 2020."
    assert faults(asked) == [
        (2, FROM, begin),
        (3, "id", f"Rule {active.pk} appears twice in this sheet."),
        (3, FROM, begin),
        (4, "state", "This rule is retired. Leave the id empty to create a new one."),
    ]


def test_a_column_that_is_left_out_of_the_sheet_stays_as_it_is_and_an_empty_cell_empties_it(
    operations: Client,
) -> None:
    rule = graduated((10, "1", "0"), (None, "0.5", "2"), category="tiles", cap_per_lead=5)
    named = {"id": rule.pk, FROM: "2026-12-01"}

    confirm(operations, dry_run(operations, as_csv([named | {"priority": 3, "cap per lead": ""}])))

    draft = PriceRule.objects.get(state="draft")
    assert (draft.revises, draft.category, draft.priority, draft.cap_per_lead) == (rule, "tiles", 3, None)
    assert list(draft.tiers.order_by("up_to").values_list("up_to", "unit_price", "flat_fee")) == [
        (10, 1, 0),
        (None, Decimal("0.5"), 2),
    ]


def test_who_drafts_no_rules_imports_none(client: Client) -> None:
    client.force_login(with_role("Finance"))
    answer = client.post(reverse(IMPORT), {"sheet": SimpleUploadedFile("rules.csv", as_csv([row()]))})
    assert (answer.status_code, RuleImport.objects.count()) == (403, 0)


def test_many_drafts_are_activated_at_once_and_a_refusal_stops_no_other(operations: Client) -> None:
    good = [PriceRuleFactory.create(draft=True, priority=number) for number in (1, 2)]
    bad = PriceRuleFactory.create(draft=True, price_model="volume", unit_price=None, priority=3)

    answer = operations.post(
        reverse("admin:pricing_pricerule_changelist"),
        {"action": "activate_selected", "_selected_action": [rule.pk for rule in (*good, bad)]},
        follow=True,
    )

    assert told(answer) == [f"{bad}: Tiers must ascend, and the last one must have no end.", "Activated: 2"]
    assert set(PriceRule.objects.filter(state="active")) == set(good)


def test_no_cell_of_an_export_is_a_formula(operations: Client) -> None:
    PriceRuleFactory.create(name='=HYPERLINK("http://evil.example")')
    sheet = load_workbook(BytesIO(operations.get(reverse(EXPORT)).getvalue())).worksheets[0]
    name = sheet.cell(2, list(COLUMNS).index("name") + 1)
    assert (name.data_type, name.value) == ("s", '=HYPERLINK("http://evil.example")')


def test_a_sheet_is_read_as_it_would_be_typed() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (["A", "b "], [Decimal("2.50"), datetime(2026, 11, 1)], [None, None], ["=1", "yes"]):  # noqa: DTZ001 -- as a spreadsheet has it
        sheet.append(row)
    sheet.cell(4, 1).data_type = "s"
    book.save(out := BytesIO())
    content = out.getvalue()
    assert read_sheet(content, most=10) == [(2, {"a": "2.5", "b": "2026-11-01"}), (4, {"a": "=1", "b": "yes"})]
    assert read_sheet(b"a;b\n'=1;2,5\n", most=10) == [(2, {"a": "=1", "b": "2,5"})]
    with pytest.raises(TooManyRows, match="The file can have at most 1 rows"):
        read_sheet(content, most=1)
    with pytest.raises(NotASheet):
        read_sheet(b"\xff", most=1)


ROW = '<row r="{}"><c r="{}{}" t="inlineStr"><is><t>x</t></is></c></row>'


def a_sheet_of(*rows: str) -> bytes:
    """A file of a kilobyte whose only sheet has these rows."""
    Workbook().save(empty := BytesIO())
    begins = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    with ZipFile(empty) as old, ZipFile(made := BytesIO(), "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            is_sheet = name == "xl/worksheets/sheet1.xml"
            new.writestr(name, f"{begins}{''.join(rows)}</sheetData></worksheet>" if is_sheet else old.read(name))
    return made.getvalue()


@pytest.mark.parametrize(
    "rows",
    [
        [ROW.format(1, "A", 1), ROW.format(2_000_000_000, "A", 2_000_000_000)],
        [ROW.format(number, "XFD", number) for number in range(1, 1_000)],
    ],
)
def test_rows_and_cells_that_are_only_gaps_are_not_read_to_their_end(operations: Client, rows: list[str]) -> None:
    began = time.monotonic()

    made = dry_run(operations, a_sheet_of(*rows))

    words = "The file can have at most 2,000 rows. Remove empty rows and columns."
    assert (made.state, made.message, made.attempts) == ("failed", words, 1)
    assert words in operations.get(page_of(made)).content.decode()
    assert time.monotonic() - began < 5
