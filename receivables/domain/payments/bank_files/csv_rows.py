"""Read a bank's CSV file by a mapping: its columns, its dates and its numbers are stated, never guessed by row."""

import csv
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from io import StringIO

from receivables.domain.payments.bank_files.statement import (
    ACCOUNT_LENGTH,
    BANK_REFERENCE_LENGTH,
    NAME_LENGTH,
    NotAStatement,
    Row,
    Statement,
    check_amount,
)
from receivables.models import BankAccount, BankRow, CsvMapping

NUMBERS = {
    ".": re.compile(r"^[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?$"),
    ",": re.compile(r"^[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$"),
}
ROWS_AT_MOST = 100_000


def read_csv(content: bytes, mapping: CsvMapping, account: BankAccount, *, number: str) -> Statement:
    """The rows of a CSV file, as a statement without balances. Raises NotAStatement with row and column."""
    rows = list(_rows(_text(content, mapping), mapping, account.currency))
    if not rows:
        raise NotAStatement("There are no rows below the header.")
    return Statement(account=account.number, currency=account.currency, number=number, rows=rows)


def _text(content: bytes, mapping: CsvMapping) -> str:
    if (zero := content.find(b"\0")) >= 0:
        row = content.count(b"\n", 0, zero) + 1
        raise NotAStatement(f"Row {row} has a zero byte, which text never has. Save the file as CSV again.")
    try:
        return content.decode(mapping.encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        encoding = mapping.get_encoding_display()
        raise NotAStatement(f"Row {line} is not in {encoding}, as {mapping} says. Choose another encoding.") from error


def _rows(text: str, mapping: CsvMapping, currency: str) -> Iterator[Row]:
    reader = csv.DictReader(StringIO(text, newline=""), delimiter=mapping.delimiter, strict=True)
    try:
        _check_columns([name.strip() for name in reader.fieldnames or ()], mapping)
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        for cells in reader:
            if reader.line_num > ROWS_AT_MOST:
                raise NotAStatement(f"The file can have at most {ROWS_AT_MOST:,} rows.")
            if any((value or "").strip() for key, value in cells.items() if key is not None):
                yield _row(cells, mapping, currency, f"Row {reader.line_num}")
    except csv.Error as error:
        raise NotAStatement(f"Row {reader.line_num} can't be read: {error}.") from error


def _check_columns(names: list[str], mapping: CsvMapping) -> None:
    columns = _columns(mapping)
    if missing := [name for name in columns if name not in names]:
        raise NotAStatement(f"The file has no column {', '.join(missing)}. It has: {', '.join(names) or 'none'}.")
    if twice := [name for name in columns if names.count(name) > 1]:
        raise NotAStatement(f"The file has the column {', '.join(twice)} twice.")


def _columns(mapping: CsvMapping) -> list[str]:
    named = (mapping.payer_name, mapping.payer_account, mapping.bank_reference)
    return [mapping.day, mapping.amount, mapping.text, *filter(None, named)]


def _row(cells: dict[str, str | None], mapping: CsvMapping, currency: str, where: str) -> Row:
    def cell(name: str) -> str:
        return (cells.get(name) or "").strip() if name else ""

    amount = _amount(cell(mapping.amount), mapping, currency, f"{where}, column {mapping.amount}")
    return Row(
        booked_on=_day(cell(mapping.day), mapping, f"{where}, column {mapping.day}"),
        amount=amount,
        kind=BankRow.Kind.PAYMENT if amount > 0 else BankRow.Kind.OUT,
        payer_name=cell(mapping.payer_name)[:NAME_LENGTH],
        payer_account=cell(mapping.payer_account).replace(" ", "").upper()[:ACCOUNT_LENGTH],
        text=cell(mapping.text),
        bank_reference=cell(mapping.bank_reference)[:BANK_REFERENCE_LENGTH],
    )


def _day(text: str, mapping: CsvMapping, where: str) -> date:
    try:
        return datetime.strptime(text, mapping.day_format).date()  # noqa: DTZ007 -- a day has no time zone
    except ValueError as error:
        raise NotAStatement(f"{where}: {text!r} is not a day like {mapping.get_day_format_display()}.") from error


def _amount(text: str, mapping: CsvMapping, currency: str, where: str) -> Decimal:
    mark = mapping.decimal_mark
    if not NUMBERS[mark].match(text):
        raise NotAStatement(f"{where}: {text!r} is not an amount like {mapping.get_decimal_mark_display()}.")
    amount = Decimal(text.replace("." if mark == "," else ",", "").replace(mark, "."))
    check_amount(amount, currency, f"{where}: {text!r}")
    return amount
