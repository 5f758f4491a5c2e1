"""Numbers: one series per seller, year and kind of document, without gaps or duplicates, even if the prefix changes."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from invoices.models import Invoice, NumberSeries
from leads.domain.number_prefixes import STANDARD

# Only this function of the database counts a series: the app itself may only read it.
NEXT = "SELECT series, serial FROM next_in_series(%s, %s, %s, %s)"


def prefix_of(invoice: Invoice) -> str:
    """Return the prefix of an invoice's number, as the details of its seller say."""
    prefix: str = invoice.seller.get("number_prefix", STANDARD)
    return prefix


def give_numbers(invoices: Iterable[Invoice]) -> None:
    """Give each invoice the next number of its seller's series, in this order; the caller saves them.

    The series stay locked until the caller commits; a rollback returns the numbers. Sorted, so that two callers never
    wait for each other.
    """
    of_series = dict[tuple[int, int], list[Invoice]]()
    for invoice in invoices:
        assert invoice.issued_on is not None  # noqa: S101 -- tells mypy: the caller has set it
        seller = invoice.period.customer_terms.seller_id or 0
        of_series.setdefault((seller, invoice.issued_on.year), []).append(invoice)
    for (seller, year), some in sorted(of_series.items(), key=lambda each: each[0]):
        series, first = next_in_series(seller or None, year, many=len(some))
        for serial, invoice in enumerate(some, start=first):
            invoice.series_id, invoice.serial = series, serial
            invoice.number = number(prefix_of(invoice), year, serial, invoice.seller)


def next_in_series(
    seller: int | None, year: int, *, many: int = 1, kind: NumberSeries.Kind = NumberSeries.Kind.INVOICE
) -> tuple[int, int]:
    """Take the next numbers of a series; return the series and the first of them."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [seller, year, many, kind.value])
        series, first = cursor.fetchone()
    return series, first


def number(prefix: str, year: int, serial: int, seller: Mapping[str, Any]) -> str:
    """Return the formatted number: `INV-2026-000012`. `seller` are its details at the time of issue."""
    digits = seller.get("number_digits", 6)
    return f"{prefix.replace('{year}', str(year))}{serial:0{digits}d}"
