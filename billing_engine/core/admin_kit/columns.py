"""Columns of a list and facts on a page, declared: what they show of a row, and what they are called."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ObjectDoesNotExist

Source = str | Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One value of a row, shown; the attributes are those that Django's admin asks a column for."""

    show: Callable[..., str]
    sources: tuple[Source, ...]
    short_description: str
    admin_order_field: str | None
    empty: str | None

    def __call__(self, row: Any) -> str:
        if not self.sources:
            return self.show(row)
        values = [_read(row, source) for source in self.sources]
        if self.empty is not None and _is_empty(values[0]):
            return self.empty
        return self.show(*values)


def column(
    show: Callable[..., str], *sources: Source, title: str, order: str | None = None, empty: str | None = None
) -> Column:
    """Declare a column: `customer = column(link, "period.customer", title="customer", order="period__customer__name")`.

    `show` is called with the value of each source, a path from the row or a function of it; without sources with the row.
    Where a relation on the path is missing, the value is None. `empty` stands where the first value is None or has nothing
    in it; without `empty` it is up to `show`. `order` is the field by which the list can be sorted.
    """
    return Column(show, sources, title, order, empty)


def _read(row: Any, source: Source) -> Any:
    if not isinstance(source, str):
        return source(row)
    value = row
    for name in source.split("."):
        if value is None:
            return None
        try:
            value = getattr(value, name)
        except ObjectDoesNotExist:  # nothing on the other side of a one-to-one relation
            return None
    return value


def _is_empty(value: object) -> bool:
    """None, an empty text or an empty list; a zero is a value."""
    return value is None or value == "" or (isinstance(value, list | tuple | dict) and not value)
