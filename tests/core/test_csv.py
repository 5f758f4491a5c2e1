"""CSV that a spreadsheet can open without evaluating what a stranger wrote."""

from decimal import Decimal

import pytest

from billing_engine.core.tables.csv import ROWS_A_CHUNK, csv_response, safe


@pytest.mark.parametrize(
    "written",
    [
        "=1+1",
        "+SUM(A1)",
        "-2+3",
        "@cmd",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1+1",
        " =1+1",
        '=HYPERLINK("http://a.example")',
        "-",
        "+49 30 1234",
    ],
)
def test_what_a_spreadsheet_would_compute_gets_an_apostrophe(written: str) -> None:
    assert safe(written) == f"'{written}"


@pytest.mark.parametrize("written", ["-12.50", "+3", "-0", "-1e3"])
def test_a_number_stays_a_number(written: str) -> None:
    assert safe(written) == written


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (Decimal("-12.500000"), "-12.500000"),
        (Decimal("1E+3"), "1000"),
        (-7, "-7"),
        (None, ""),
        ("Oak = veneer", "Oak = veneer"),
        ("-Infinity", "'-Infinity"),
    ],
)
def test_everything_else_is_written_as_it_is(cell: object, text: str) -> None:
    assert safe(cell) == text  # type: ignore[arg-type] -- each is a Cell


def test_the_file_is_streamed_in_chunks_of_lines_and_says_that_it_is_utf_8() -> None:
    asked: list[int] = []

    def rows() -> object:
        for number in range(ROWS_A_CHUNK + 3):
            asked.append(number)
            yield [number, "Łódź, “=”"]

    answer = csv_response("a.csv", ["=Number", "Name"], rows())  # type: ignore[arg-type] -- a generator of lists
    chunks = iter(answer)

    assert next(chunks).decode() == "\ufeff'=Number,Name\r\n"
    assert asked == []
    assert next(chunks).decode() == "".join(f'{number},"Łódź, “=”"\r\n' for number in range(ROWS_A_CHUNK))
    assert len(asked) == ROWS_A_CHUNK
    assert len(list(chunks)) == 1
