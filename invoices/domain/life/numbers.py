"""Invoice numbers: one series per seller and year, without gaps or duplicates, even if the prefix changes."""

from typing import Any, NamedTuple

from invoices.models import NumberSeries
from leads.domain.number_prefixes import STANDARD, claim
from leads.models import Company


class Numbered(NamedTuple):
    """A number: its series, its position in the series, and its formatted text."""

    series: NumberSeries
    serial: int
    text: str


def next_number(company: Company | None, seller: dict[str, Any], *, year: int) -> Numbered:
    """Return the next number of a company's series (None: the seller in the settings), formatted as `seller` says.

    The series stays locked until the caller commits; a rollback returns the number. Raises PrefixTaken.
    """
    prefix, digits = seller.get("number_prefix", STANDARD), seller.get("number_digits", 6)
    claim(prefix, seller=company)
    NumberSeries.objects.bulk_create([NumberSeries(seller=company, year=year)], ignore_conflicts=True)
    series = NumberSeries.objects.select_for_update(of=("self",)).get(seller=company, year=year)
    series.last += 1
    series.save(update_fields=["last"])
    return Numbered(series, series.last, f"{prefix.replace('{year}', str(year))}{series.last:0{digits}d}")
