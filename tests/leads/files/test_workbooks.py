"""Workbooks are read cell by cell: values stay what they are, and what has no value is told with its place."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from xlsxwriter.worksheet import Worksheet

from leads.domain.faults import Malformed
from leads.domain.files.lines import FileNotReadable
from leads.domain.files.look.look import Sheet, look
from leads.domain.files.parts import LeadsFile
from leads.domain.files.reading import Kind, Reading
from leads.domain.files.sheets.cells import text_of
from leads.domain.files.sheets.places import cell_place, column_number
from leads.domain.files.sheets.process import spooled
from leads.models import Delivery, Lead, QuarantinedItem
from tests.factories.leads import ProductFactory, SourceMappingFactory
from tests.leads.files.converters import by_columns, cells
from tests.leads.files.workbooks import SHEET, changed, of_rows, workbook

Formats = dict[str, Any]


def records(path: Path, *asked: str) -> list[Any]:
    """Return the rows by the columns asked for, or why they have no value."""
    items = [placed for part in LeadsFile(path, by_columns(*asked)).parts() for placed in part.items]
    return [(place, item.fault if isinstance(item, Malformed) else cells(item, *asked)) for place, item in items]


def test_values_stay_what_they_are(tmp_path: Path):
    def fill(sheet: Worksheet, formats: Formats) -> None:
        sheet.write_row(0, 0, ["Id", "Score", "Text", "On", "At", "Spent", "Open", "Sum"])
        sheet.write_number(1, 0, 100)
        sheet.write_number(1, 1, 0.1 + 0.2)
        sheet.write_string(1, 2, "=1+1")
        sheet.write_number(1, 3, 46326, formats["day"])
        sheet.write_number(1, 4, 46326.416666666664, formats["second"])
        sheet.write_number(1, 5, 1.5, formats["hours"])
        sheet.write_boolean(1, 6, True)
        sheet.write_formula(1, 7, "=1+1", None, 2)
        sheet.write_string(2, 0, "0100")

    path = workbook(tmp_path / "x.xlsx", fill)

    assert records(path, "Id", "Score", "Text", "On", "At", "Spent", "Open", "Sum") == [
        (
            "/2",
            {
                "Id": "100",
                "Score": "0.3",
                "Text": "=1+1",
                "On": "2026-10-31",
                "At": "2026-10-31T10:00:00",
                "Spent": "36:00:00",
                "Open": "true",
                "Sum": "2",
            },
        ),
        ("/3", {"Id": "0100"}),
    ]


@pytest.mark.parametrize(
    ("serial", "text"),
    [
        (46326.416666666664, "2026-10-31T10:00:00"),
        (46326.99999999999, "2026-11-01T00:00:00"),  # shown as midnight
        (46326.999994213, "2026-10-31T23:59:59.500"),  # half a second is not rounded away
        (46326.9999884, "2026-10-31T23:59:58.998"),
    ],
)
def test_a_serial_date_is_rounded_to_milliseconds_and_no_further(tmp_path: Path, serial: float, text: str):
    def fill(sheet: Worksheet, formats: Formats) -> None:
        sheet.write(0, 0, "At")
        sheet.write_number(1, 0, serial, formats["second"])

    assert records(workbook(tmp_path / "x.xlsx", fill), "At") == [("/2", {"At": text})]


def test_dates_that_count_from_1904_are_the_same_days(tmp_path: Path):
    def fill(sheet: Worksheet, formats: Formats) -> None:
        sheet.write(0, 0, "On")
        sheet.write_number(1, 0, 46326 - 1462, formats["day"])

    path = workbook(tmp_path / "x.xlsx", fill, date_1904=True)

    assert records(path, "On") == [("/2", {"On": "2026-10-31"})]


def test_cells_without_a_value_are_faults_with_their_place(tmp_path: Path):
    def fill(sheet: Worksheet, _: Formats) -> None:
        sheet.write_row(2, 1, ["Id", "Budget", "Note"])
        sheet.write_number(3, 1, 1)
        sheet.write_formula(3, 2, "=1/0", None, "#DIV/0!")
        sheet.write_row(4, 1, [2])
        sheet.write_formula(4, 2, "=B4", None, "")
        sheet.write_row(5, 1, [3, 1234567890123456])
        sheet.write_row(6, 1, [4, 5])
        sheet.write_formula(6, 3, "=1/0", None, "#N/A")  # a column that nothing asks for
        sheet.write_row(7, 1, [5])
        sheet.write_formula(7, 2, '=""', None, "")

    path = workbook(tmp_path / "x.xlsx", fill)
    # A formula that was never calculated has no value at all; one that results in nothing has an empty text.
    changed(
        path,
        SHEET,
        lambda xml: xml.replace(b"<f>B4</f><v></v>", b"<f>B4</f>").replace(b'<c r="C8">', b'<c r="C8" t="str">'),
    )

    found = records(path, "Id", "Budget")

    assert [(place, each.code if hasattr(each, "code") else each) for place, each in found] == [
        ("/4", "cell_error"),
        ("/5", "formula_without_value"),
        ("/6", "number_damaged"),
        ("/7", {"Id": "4", "Budget": "5"}),
        ("/8", {"Id": "5"}),
    ]
    assert [each.message for _, each in found[:3]] == [
        "Cell C4 holds the error #DIV/0!. Correct it in the workbook and import it again.",
        "Cell C5 holds a formula without its value. Open the workbook in a spreadsheet program, save it once, and import it"
        " again.",
        "Cell C6 holds the number 1234567890123456.0, of which a spreadsheet keeps only the first 15 digits. Format the column"
        " as text, enter the number again, and import the workbook again.",
    ]


def test_merged_cells_are_filled_from_their_first_cell_and_told(tmp_path: Path):
    def fill(sheet: Worksheet, _: Formats) -> None:
        sheet.merge_range(0, 0, 0, 2, "Leads of October")
        sheet.write_row(1, 0, ["Id", "Firm", "Note"])
        sheet.merge_range(2, 1, 4, 1, "Atelier Nord")
        for row in range(2, 6):
            sheet.write_number(row, 0, row)
        sheet.write(5, 1, "Plan B")

    path = workbook(tmp_path / "x.xlsx", fill)
    leads = LeadsFile(path, by_columns("Id", "Firm"))

    items = [cells(placed.item, "Id", "Firm") for part in leads.parts() for placed in part.items]

    firms = ["Atelier Nord"] * 3 + ["Plan B"]
    assert items == [{"Id": str(2 + place), "Firm": firm} for place, firm in enumerate(firms)]
    told = ["Merged cells were filled with the value of their first cell: B3:B5."]
    assert leads.notices.in_words() == told
    seen = look(path)
    assert (seen.reading, seen.warnings) == (Reading(Kind.WORKBOOK, header=2, sheet="Leads"), told)
    assert [row.cells for row in seen.rows] == [[str(2 + place), firm, ""] for place, firm in enumerate(firms)]


def test_blank_rows_are_counted_and_what_comes_after_them_is_read(tmp_path: Path):
    def fill(sheet: Worksheet, _: Formats) -> None:
        sheet.write(0, 0, "Id")
        sheet.write(1, 0, "a")
        sheet.write(3_000, 0, "b")

    # The declared size of a sheet is often wrong; here it says that there are two rows.
    path = changed(workbook(tmp_path / "x.xlsx", fill), SHEET, lambda xml: xml.replace(b"A1:A3001", b"A1:A2"))
    leads = LeadsFile(path, by_columns("Id"))

    found = [(place, cells(item, "Id")) for part in leads.parts() for place, item in part.items]
    assert found == [("/2", {"Id": "a"}), ("/3001", {"Id": "b"})]
    assert leads.lines == (3_000, 2, 2_998, 0)


def test_a_workbook_is_looked_at_with_all_its_sheets(tmp_path: Path):
    path = of_rows(tmp_path / "leads.csv", [["Id", "On"], *[[f"L{n}", f"0{1 + n % 9}/10/2026"] for n in range(30)]])

    seen = look(path)

    assert seen.reading == Reading(Kind.WORKBOOK, header=1, sheet="Leads")
    assert (seen.sheets, seen.columns, len(seen.rows)) == ([Sheet("Leads", 31, 2)], ["Id", "On"], 20)
    assert (seen.rows[0], seen.ambiguous_dates) == ((2, ["L0", "01/10/2026"]), ["On"])
    assert seen.records[0] == {"Id": "L0", "On": "01/10/2026"}


@pytest.mark.parametrize(
    ("name", "path", "words"),
    [
        (
            "columns",
            lambda p: of_rows(p, [[*range(2_001)]]),
            "has 2,001 columns in the sheet 'Leads'; the limit is 2,000.",
        ),
        ("nothing", lambda p: of_rows(p, []), "is a workbook without any filled cell."),
        (
            "far",
            lambda p: changed(of_rows(p, [["a"]]), SHEET, lambda xml: xml.replace(b'"A1"', b'"AAAAAA1"')),
            "",
        ),
        (
            "broken",
            lambda p: changed(of_rows(p, [["a"]]), SHEET, lambda xml: xml[:-80]),
            "is a damaged workbook. Save it again and upload the new file",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isalpha() else "",
)
def test_a_workbook_beyond_the_bounds_is_refused_in_words(tmp_path: Path, name: str, path: Any, words: str):
    with pytest.raises(FileNotReadable) as refusal:
        look(path(tmp_path / "x.xlsx"))

    assert str(refusal.value).startswith(f"x.xlsx {words}")


def test_a_workbook_that_unpacks_to_more_than_a_gibibyte_is_refused_before_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = of_rows(tmp_path / "x.xlsx", [["Id"]])
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02")  # of the central directory, which declares the sizes
    data[entry + 24 : entry + 28] = (1024**3 + 1).to_bytes(4, "little")
    path.write_bytes(data)

    with pytest.raises(FileNotReadable, match=r"unpacks to [\d,]+ bytes, more than the limit of 1,073,741,824\."):
        look(path)


def test_a_workbook_with_a_password_is_told(tmp_path: Path):
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le"))

    with pytest.raises(FileNotReadable, match="is protected with a password"):
        look(path)


@pytest.mark.parametrize("bounds", [{"seconds": 0}, {"memory": 1024**2}], ids=["time", "memory"])
def test_a_workbook_that_takes_too_long_or_too_much_is_stopped(tmp_path: Path, bounds: dict[str, int]):
    path = of_rows(tmp_path / "x.xlsx", [["Id"], *[[f"lead {number}"] * 40 for number in range(5_000)]])

    with pytest.raises(FileNotReadable) as refusal, spooled(path, "x.xlsx", **bounds):
        pass

    assert str(refusal.value).startswith("x.xlsx ")


@pytest.mark.django_db
def test_a_workbook_named_csv_is_imported_as_the_workbook_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    ProductFactory.create(sku="TILE-9")
    document = {"fields": {"id": "Id", "product.sku": "SKU"}}
    SourceMappingFactory.create(source__code="crm", document=document)
    path = of_rows(tmp_path / "crm.csv", [["SKU", "Id"], ["TILE-9", 17], [], ["GONE", "=B2"]])

    call_command("import_leads", str(path), source="crm")

    assert capsys.readouterr().out.splitlines()[:2] == [
        "lines: 3 read = 2 taken + 1 blank + 0 refused",
        "leads: 2 received = 1 created + 0 duplicate + 1 quarantined",
    ]
    assert (Lead.objects.get().external_id, QuarantinedItem.objects.get().pointer) == ("17", "/4/product/sku")
    assert Delivery.objects.get().content_type == "text/csv"


def test_places_are_those_that_a_spreadsheet_shows():
    assert [cell_place(*each) for each in [(0, 0), (6, 25), (6, 26), (9, 701), (9, 702)]] == [
        "A1",
        "Z7",
        "AA7",
        "ZZ10",
        "AAA10",
    ]
    assert [column_number(letters) for letters in ("A", "Z", "AA", "ZZ", "AAA")] == [0, 25, 26, 701, 702]


def test_a_small_number_is_written_without_an_exponent():
    assert [text_of(number) for number in (1e-7, -0.5, 123456789012.25, -0.0)] == [
        "0.0000001",
        "-0.5",
        "123456789012.25",
        "0",
    ]
