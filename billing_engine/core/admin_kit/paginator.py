"""Pages of lists: small ones are counted and numbered, large ones are counted up to a bound and read by key."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import F, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from unfold.views import ChangeList

COUNTED_AT_MOST = 10_000
AFTER, BEFORE, LAST = "after", "before", "last"


class Counted(int):
    """A number of rows, counted up to the bound and shown as `10,000+` beyond it."""

    @classmethod
    def of(cls, rows: QuerySet[Any]) -> Self:
        """Count rows, reading at most one more than the bound."""
        return cls(rows.order_by()[: COUNTED_AT_MOST + 1].values("pk").count())

    @property
    def is_exact(self) -> bool:
        return self <= COUNTED_AT_MOST

    def __str__(self) -> str:
        return f"{int(self):,}" if self.is_exact else f"{COUNTED_AT_MOST:,}+"


class PatientPaginator(Paginator[Any]):
    """Counts no further than the bound, because PostgreSQL would have to visit every row."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return Counted.of(rows) if isinstance(rows, QuerySet) else len(rows)


@dataclass(frozen=True, slots=True)
class SortKey:
    """One of the fields that a list is ordered by."""

    path: str
    is_descending: bool
    has_nulls_first: bool
    field: Any
    may_be_null: bool

    @classmethod
    def read(cls, part: Any, rows: QuerySet[Any]) -> Self:
        """From a part of the rows' `order_by`: the path of a field or an annotation, or an ordering expression of it."""
        if isinstance(part, str):
            part = F(part.removeprefix("-")).desc() if part.startswith("-") else F(part).asc()
        path, is_descending = part.expression.name, part.descending
        first = bool(part.nulls_first or (is_descending and not part.nulls_last))
        return cls(path, is_descending, first, *_fields(rows, path))

    def value_of(self, row: Any) -> Any:
        """The row's value; None if a relation on the path is missing."""
        for name in self.path.split("__"):
            row = getattr(row, name, None)
        return row.pk if isinstance(row, Model) else row

    def read_value(self, text: Any) -> Any:
        """The value as it was written into an address."""
        return None if text is None else self.field.to_python(text)

    def beyond(self, value: Any, *, backwards: bool, or_equal: bool = False) -> Q:
        """Rows that come after this value; read backwards, those before it."""
        nulls_come_first = self.has_nulls_first != backwards
        if value is None:
            return Q(**{f"{self.path}__isnull": False}) if nulls_come_first else Q(pk__in=[])
        way = "lt" if self.is_descending != backwards else "gt"
        found = Q(**{f"{self.path}__{way}{'e' * or_equal}": value})
        return found | Q(**{f"{self.path}__isnull": True}) if self.may_be_null and not nulls_come_first else found

    def equals(self, value: Any) -> Q:
        """Rows with this value."""
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})


@dataclass(frozen=True, slots=True)
class KeyPage:
    """The rows of a page, and what to add to the address for the others; "" if there are none."""

    rows: list[Any]
    previous: str
    next: str


def page_by_key(rows: QuerySet[Any], turn: str, per_page: int) -> KeyPage:
    """The first page, the last, or the one next to a row: found by the index, however far down the list it is.

    `turn` comes from a page's `previous` or `next`, or is LAST; page numbers and nothing lead to the first page.
    """
    keys = [SortKey.read(part, rows) for part in rows.query.order_by]
    way, _, place = turn.partition(".")
    backwards = way in (BEFORE, LAST)
    if way in (AFTER, BEFORE):
        rows = rows.filter(_beyond(keys, _values(keys, place), backwards=backwards))
    found = list((rows.reverse() if backwards else rows)[: per_page + 1])
    goes_on, shown = len(found) > per_page, found[:per_page]
    if backwards:
        shown.reverse()
    if not shown:
        return KeyPage([], previous=LAST if way == AFTER else "", next="")
    has_before, has_after = (goes_on, way == BEFORE) if backwards else (way == AFTER, goes_on)
    return KeyPage(
        shown,
        previous=f"{BEFORE}.{_place(keys, shown[0])}" if has_before else "",
        next=f"{AFTER}.{_place(keys, shown[-1])}" if has_after else "",
    )


class PatientChangeList(ChangeList):
    """A list whose pages are numbered while it is small, and turned by key if it is large or may become so."""

    by_key: KeyPage | None = None

    def get_ordering_field(self, field_name: Any) -> Any:
        """A large list is sorted by no other column, even if the address asks for it."""
        is_refused = self.model_admin.is_large and field_name not in self.sortable_by
        return None if is_refused else super().get_ordering_field(field_name)

    def get_results(self, request: HttpRequest) -> None:
        is_large = self.model_admin.is_large
        if is_large:
            self.page_num = 1
        super().get_results(request)
        if self.multi_page and (is_large or self.result_count > COUNTED_AT_MOST):
            try:
                self.by_key = page_by_key(self.queryset, request.GET.get(PAGE_VAR, ""), self.list_per_page)
            except ValueError as error:
                raise IncorrectLookupParameters from error
            self.result_list, self.multi_page = self.by_key.rows, False

    @property
    def first_address(self) -> str:
        return self.get_query_string()

    @property
    def previous_address(self) -> str:
        return self._turned(self.by_key.previous if self.by_key else "")

    @property
    def next_address(self) -> str:
        return self._turned(self.by_key.next if self.by_key else "")

    @property
    def last_address(self) -> str:
        return self._turned(LAST)

    def _turned(self, turn: str) -> str:
        return self.get_query_string({PAGE_VAR: turn})


def _fields(rows: QuerySet[Any], path: str) -> tuple[Any, bool]:
    """The field at the path, and whether it may be null there."""
    if annotation := rows.query.annotations.get(path):
        return annotation.output_field, True
    model, may_be_null = rows.model, False
    for name in path.split("__"):
        field: Any = model._meta.pk if name == "pk" else model._meta.get_field(name)
        may_be_null |= field.null
        model = field.related_model or model
    return field, may_be_null


def _beyond(keys: list[SortKey], values: list[Any], *, backwards: bool) -> Q:
    """Rows beyond these values in the order of the keys; the first key bounds them by itself, for its index."""
    beyond, equal = Q(), Q()
    for key, value in zip(keys, values, strict=True):
        beyond |= equal & key.beyond(value, backwards=backwards)
        equal &= key.equals(value)
    if len(keys) == 1 or values[0] is None:
        return beyond
    return keys[0].beyond(values[0], backwards=backwards, or_equal=True) & beyond


def _place(keys: Iterable[SortKey], row: Any) -> str:
    return urlsafe_base64_encode(json.dumps([key.value_of(row) for key in keys], default=str).encode())


def _values(keys: list[SortKey], place: str) -> list[Any]:
    """Raises ValueError if the place was not written for these keys."""
    values = json.loads(urlsafe_base64_decode(place))
    if not isinstance(values, list) or len(values) != len(keys):
        raise ValueError(place)
    try:
        return [key.read_value(value) for key, value in zip(keys, values, strict=True)]
    except (ValidationError, TypeError) as error:
        raise ValueError(place) from error
