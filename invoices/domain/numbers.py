"""Invoice numbers: one series per selling company and year, without a gap and without a double."""

from typing import Any

from invoices.models import NumberSeries


def next_number(seller: dict[str, Any], *, year: int) -> str:
    """The series' next number. Its row stays locked until the caller commits; a rollback takes the number back.

    Two companies never share a prefix: each has one of its own.
    """
    prefix = seller.get("number_prefix", "INV-{year}-").replace("{year}", str(year))
    fresh = NumberSeries(prefix=prefix, digits=seller.get("number_digits", 6))
    NumberSeries.objects.bulk_create([fresh], ignore_conflicts=True)
    series = NumberSeries.objects.select_for_update().get(prefix=prefix)
    series.last += 1
    series.save(update_fields=["last"])
    return str(series)
