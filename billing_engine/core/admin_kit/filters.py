"""Filters by time (a range of days in each row's customer's time zone, how long ago), and filters within a scope."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.timezone import now
from unfold.contrib.filters.admin import DropdownFilter

from billing_engine.core.calendar.spans import LAST_YEAR, midnight

FIRST_YEAR = 1970
LATEST = {
    "hour": ("The last hour", timedelta(hours=1)),
    "day": ("The last 24 hours", timedelta(days=1)),
    "week": ("The last 7 days", timedelta(days=7)),
    "month": ("The last 31 days", timedelta(days=31)),
}
Bounds = tuple[Any, Any]


def in_days(first: date | None, last: date | None, *, zones: Iterable[str], at: str, zone: str) -> Q:
    """Rows whose instant `at` is on these days (last one included) in the time zone that the row's path `zone` names.

    A day is 23 to 25 hours long when clocks change. The first two conditions are the same for all rows, so that an
    index on the instant can be used; the rest is exact.
    """
    alike: dict[Bounds, list[str]] = {}
    for name in sorted(set(zones)):
        alike.setdefault(_bounds(first, last, ZoneInfo(name)), []).append(name)
    if not alike:
        return Q(pk__in=[])
    exact = Q()
    for bounds, names in alike.items():
        exact |= _between(at, *bounds) & Q(**{f"{zone}__in": names})
    widest = (min(start for start, _ in alike) if first else None, max(end for _, end in alike) if last else None)
    return _between(at, *widest) & exact


def _bounds(first: date | None, last: date | None, zone: ZoneInfo) -> Bounds:
    return first and midnight(first, zone), last and midnight(last + timedelta(days=1), zone)


def _between(at: str, start: Any, end: Any) -> Q:
    within = {f"{at}__gte": start, f"{at}__lt": end}
    return Q(**{lookup: instant for lookup, instant in within.items() if instant})


class CurrencyFilter(DropdownFilter):
    """The row's currency, chosen from those of the customers, which are few."""

    title = "currency"
    parameter_name = "currency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        customers = model_admin.model._meta.get_field("customer").remote_field.model.objects
        codes = customers.order_by("currency").values_list("currency", flat=True).distinct()
        return [(code, code) for code in codes]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(currency=value) if (value := self.value()) else queryset


class DaysForm(forms.Form):
    """Two date inputs."""

    def __init__(self, name: str, given: dict[str, str]) -> None:
        super().__init__(data=given)
        for end in ("from", "to"):
            widget = forms.DateInput({"type": "date", "class": "lb-day"})
            self.fields[f"{name}_{end}"] = forms.DateField(required=False, label=end.title(), widget=widget)


class DayFilter(admin.ListFilter):
    """A list filter by a range of days, in the time zone of each row's customer.

    A subclass names the fields of the row's instant and its customer's time zone.
    """

    template = "core/day_filter.html"
    parameter_name = ""
    at = ""
    zone = ""

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.given: dict[str, str] = {}
        for name in self.ends():
            if given := params.pop(name, None):
                self.given[name] = (given[-1] if isinstance(given, list) else given).strip()
        self.used_parameters.update(self.given)

    @classmethod
    def is_asked_for(cls, request: HttpRequest) -> bool:
        """Whether the list is limited to some days; it is then ordered by time."""
        return any(request.GET.get(f"{cls.parameter_name}_{end}") for end in ("from", "to"))

    def has_output(self) -> bool:
        return True

    def ends(self) -> tuple[str, str]:
        """The parameter names of the first and the last day."""
        return f"{self.parameter_name}_from", f"{self.parameter_name}_to"

    def expected_parameters(self) -> list[str | None]:
        return [*self.ends()]

    def asked(self) -> tuple[date | None, date | None]:
        """The first and the last day; None if not given."""
        first, last = (_day(self.given.get(name, "")) for name in self.ends())
        return first, last

    def choices(self, changelist: Any) -> Any:
        yield {"form": DaysForm(self.parameter_name, self.given)}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first, last = self.asked()
        if first is None and last is None:
            return queryset
        zones = _zones(queryset.model, self.zone)
        return queryset.filter(in_days(first, last, zones=zones, at=self.at, zone=self.zone))


class DateFilter(DayFilter):
    """The same for a field that is already a day of the customer, such as the day of issue."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first, last = self.asked()
        asked = {f"{self.at}__gte": first, f"{self.at}__lte": last}
        return queryset.filter(**{lookup: day for lookup, day in asked.items() if day})


class Received(DropdownFilter):
    """By how long ago `received_at` is: reads an index from its end, without listing every day."""

    title = "received"
    parameter_name = "received"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, words) for name, (words, _) in LATEST.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = LATEST.get(self.value() or "")
        return queryset.filter(received_at__gte=now() - found[1]) if found else queryset


class Within:
    """A filter of a large list that works only within a scope, because no index serves it in the whole list.

    Mixed into a filter; a subclass names the parameters that are a scope. Without one, the list shows no rows and asks
    for it. A search is always a scope.
    """

    scopes: tuple[str, ...] = ()
    asks_for = ""
    lacks_scope = False

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        found = super().queryset(request, queryset)  # type: ignore[misc]  # of the filter that this is mixed into
        if found is queryset or any(request.GET.get(name) for name in (*self.scopes, SEARCH_VAR)):
            return found
        self.lacks_scope = True
        return queryset.none()


def _zones(model: type[Model], path: str) -> Iterable[str]:
    """The time zones of all customers that the path reaches."""
    field: Any = get_fields_from_path(model, path)[-1]
    zones: Iterable[str] = field.model.objects.order_by().values_list(field.name, flat=True).distinct()
    return zones


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise IncorrectLookupParameters(text) from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise IncorrectLookupParameters(text)
    return day
