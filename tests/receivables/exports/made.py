"""Exports to the books for tests, written as a worker does."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from leads.models import Company
from receivables.domain.exports.ask import Asked, ask
from receivables.domain.exports.write import BOOKS
from receivables.models import AccountMapping, BookExport

Kind = BookExport.Kind
DECEMBER_2 = datetime(2026, 12, 2, 12, tzinfo=UTC)
CODES = {
    "receivable": "1200",
    "revenue": "4000",
    "cash": "1000",
    "transit": "1090",
    "fees": "6100",
    "bad_debt": "6200",
    "unbilled": "1210",
}


def with_accounts(seller: Company | None = None, **taxes: str) -> None:
    """An account for everything; `taxes` maps the codes of taxes to their names."""
    for account, code in CODES.items():
        tax_code = "No VAT" if account == "revenue" else ""
        AccountMapping.objects.create(seller=seller, account=account, code=code, tax_code=tax_code)
    for code, tax in taxes.items():
        AccountMapping.objects.create(
            seller=seller, account="tax", tax=tax, code=code.removeprefix("T"), tax_code=f"{tax} on Income"
        )


def exported(
    kind: str, by: User, *, month: str = "2026-11", seller: Company | None = None, as_of: date | None = None
) -> BookExport:
    """An export after its worker was done."""
    export = ask(Asked(kind, seller, month, as_of), by=by, at=DECEMBER_2)
    BOOKS.work(export.pk, attempt=0, at=DECEMBER_2)
    export.refresh_from_db()
    return export


def rows_of(export: BookExport) -> list[dict[str, Any]]:
    """The rows, read by a CSV reader of its own."""
    assert export.content is not None, export.reason
    return list(csv.DictReader(io.StringIO(bytes(export.content).decode())))


def by_account(export: BookExport) -> dict[tuple[str, str], Decimal]:
    sums = dict[tuple[str, str], Decimal]()
    for row in rows_of(export):
        key = row["Currency"], row["Account"]
        sums[key] = sums.get(key, Decimal(0)) + Decimal(row["Debit"] or 0) - Decimal(row["Credit"] or 0)
    return sums
