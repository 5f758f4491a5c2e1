"""Declare the columns of a list and the facts of a page: what they show, and their titles."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ObjectDoesNotExist

Source = str | Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One displayed value of a row, with the attributes that Django's admin expects of a column."""

    show: Callable[..., str]
    sources: tuple[Source, ...]
    short_description: str
    admin_order_field: str | None
    empty: str | None

    def values(self, row: Any) -> list[Any]:
        """What it is made of."""
        return [_read(row, source) for source in self.sources]

    def __call__(self, row: Any) -> str:
        if not self.sources:
            return self.show(row)
        values = self.values(row)
        if self.empty is not None and _is_empty(values[0]):
            return self.empty
        return self.show(*values)


def column(
    show: Callable[..., str], *sources: Source, title: str, order: str | None = None, empty: str | None = None
) -> Column:
    """Declare a column: `customer = column(link, "period.customer", title="customer", order="period__customer__name")`.

    `show` is called with the value of each source, a path from the row or a function of it; without sources with the
    row. If a relation on the path is missing, the value is None. `empty` is shown if the first value is None or empty;
    without `empty`, `show` decides. `order` is the field to sort the list by.
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
        except ObjectDoesNotExist:  # the other side of a one-to-one relation does not exist
            return None
    return value


def _is_empty(value: object) -> bool:
    """None, an empty string or an empty list; zero is a value."""
    return value is None or value == "" or (isinstance(value, list | tuple | dict) and not value)
