"""Invoice numbers: one series per seller and year, without gaps or duplicates, even if the prefix changes."""

from typing import Any, NamedTuple

from django.db import connection

from leads.domain.number_prefixes import STANDARD, claim
from leads.models import Company

# Only this function of the database counts a series: the app itself may only read it.
NEXT = "SELECT series, serial FROM next_in_series(%s, %s)"


class Numbered(NamedTuple):
    """A number: the id of its series, its position in the series, and its formatted text."""

    series_id: int
    serial: int
    text: str


def next_number(company: Company | None, seller: dict[str, Any], *, year: int) -> Numbered:
    """Return the next number of a company's series (None: the seller in the settings), formatted as `seller` says.

    The series stays locked until the caller commits; a rollback returns the number. Raises PrefixTaken.
    """
    prefix, digits = seller.get("number_prefix", STANDARD), seller.get("number_digits", 6)
    claim(prefix, seller=company)
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [company.pk if company else None, year])
        series, serial = cursor.fetchone()
    return Numbered(series, serial, f"{prefix.replace('{year}', str(year))}{serial:0{digits}d}")
