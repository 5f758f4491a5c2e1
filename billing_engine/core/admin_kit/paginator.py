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
from django.db import OperationalError, connections, transaction
from django.db.models import F, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from psycopg2.errors import QueryCanceled
from unfold.views import ChangeList

from billing_engine.core.errors import Refused

COUNTED_AT_MOST = 10_000
COUNTED_FOR_MS = 100
LIMITED = "SELECT set_config('statement_timeout', %s, true)"
AFTER, BEFORE, LAST = "after", "before", "last"


class Counted(int):
    """A number of rows, or how many there are at least, shown as `10,000+`."""

    has_more = False

    @classmethod
    def at_least(cls, number: int) -> Self:
        counted = cls(number)
        counted.has_more = True
        return counted

    @classmethod
    def of(cls, rows: QuerySet[Any], *, known: int = 0) -> Self:
        """Count rows up to the bound; if even that takes too long, there are at least those that are known."""
        try:
            with transaction.atomic(using=rows.db), connections[rows.db].cursor() as cursor:
                cursor.execute("SELECT current_setting('statement_timeout')")
                usual = cursor.fetchone()[0]
                cursor.execute(LIMITED, [f"{COUNTED_FOR_MS}ms"])
                counted = rows.order_by()[: COUNTED_AT_MOST + 1].values("pk").count()
                cursor.execute(LIMITED, [usual])  # an outer transaction goes on
        except OperationalError as error:
            if not isinstance(error.__cause__, QueryCanceled):
                raise
            return cls.at_least(known)
        return cls(counted) if counted <= COUNTED_AT_MOST else cls.at_least(COUNTED_AT_MOST)

    def __str__(self) -> str:
        return f"{int(self):,}{'+' * self.has_more}"


class PatientPaginator(Paginator[Any]):
    """Counts no further than the bound, because PostgreSQL would have to visit every row."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return Counted.of(rows) if isinstance(rows, QuerySet) else Counted(len(rows))


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
        """Rows that come after this value; or before it, if the list is read from its end."""
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
    keys = _keys(rows)
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

    by_key: KeyPage | None = None  # if there is more than one page
    result_list: list[Any]
    result_count: Any
    asks_for = ""  # what a search or a filter needs besides

    def get_ordering_field(self, field_name: Any) -> Any:
        """No other column sorts the list, even if the address asks for it, or if a relation has the column's name."""
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """The rows found, or none if the search or a filter needs to know more first: then the list asks for it."""
        try:
            found: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        except Refused as refusal:
            self.asks_for = str(refusal)
            return self.root_queryset.none()
        self.asks_for = next((spec.asks_for for spec in self.filter_specs if getattr(spec, "lacks_scope", False)), "")
        return found

    def get_results(self, request: HttpRequest) -> None:
        if not self.model_admin.is_large:
            super().get_results(request)
        if self.model_admin.is_large or self.result_count.has_more:
            self._turn_by_key(request)
        self.result_list = list(self.result_list)
        self.model_admin.prepare(self.result_list)

    def _turn_by_key(self, request: HttpRequest) -> None:
        """The page that the address asks for; rows are counted only if they are not all on it."""
        try:
            page = page_by_key(self.queryset, request.GET.get(PAGE_VAR, ""), self.list_per_page)
        except ValueError as error:
            raise IncorrectLookupParameters from error
        self.by_key = page if page.previous or page.next else None
        self.result_list = page.rows
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        known = len(page.rows)
        self.paginator.count = Counted.of(self.queryset, known=known) if self.by_key else Counted(known)
        self.result_count = self.paginator.count
        self.show_full_result_count, self.full_result_count = False, None
        self.show_admin_actions, self.can_show_all, self.multi_page = True, False, False

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


def _keys(rows: QuerySet[Any]) -> list[SortKey]:
    """What the rows are ordered by; what Django's admin names twice counts once."""
    found = dict[str, SortKey]()
    for part in rows.query.order_by:
        key = SortKey.read(part, rows)
        found.setdefault(key.path, key)
    return list(found.values())


def _beyond(keys: list[SortKey], values: list[Any], *, backwards: bool) -> Q:
    """Rows beyond these values in the order of the keys.

    Where no key may be null: from the first value on, without those of that value that come no later. PostgreSQL
    estimates this form well, and the first key bounds its index.
    """
    key, value = keys[0], values[0]
    if len(keys) == 1:
        return key.beyond(value, backwards=backwards)
    rest = _beyond(keys[1:], values[1:], backwards=backwards)
    if any(each.may_be_null for each in keys):
        return key.beyond(value, backwards=backwards) | key.equals(value) & rest
    return key.beyond(value, backwards=backwards, or_equal=True) & ~(key.equals(value) & ~rest)


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
