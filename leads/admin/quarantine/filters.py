"""The filters of quarantined items: state, code and month."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from leads.models import QuarantinedItem

State = QuarantinedItem.State
FOR_ANOTHER, UNSETTLED = "for_another", "unsettled"
CODES_FROM = 10_000
MONTHS_SHOWN = 36


class ByState(DropdownFilter):
    """Filters by state; shows the items that a person has to settle by default."""

    title = "state"
    parameter_name = "state"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        waiting, *settled = State.choices
        return [
            waiting,
            (FOR_ANOTHER, "Waiting for another"),
            (UNSETTLED, "Waiting for either"),
            *settled,
            ("all", "All"),
        ]

    def value(self) -> str:
        return super().value() or State.WAITING

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case State.WAITING:
                return queryset.for_person()
            case "for_another":
                return queryset.for_another()
            case "unsettled":
                return queryset.waiting()
            case "all":
                return queryset
        return queryset.filter(state=self.value())


class ByCode(DropdownFilter):
    """Filters by code; offers the codes of the latest waiting items."""

    title = "code"
    parameter_name = "code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        latest = QuarantinedItem.objects.waiting().order_by("-received_at").values("code")[:CODES_FROM]
        return sorted({(row["code"], row["code"]) for row in latest})

    def queryset(self, request: HttpRequest, queryset: QuerySet[QuarantinedItem]) -> QuerySet[QuarantinedItem]:
        return queryset.filter(code=self.value()) if self.value() else queryset


class ByMonth(DropdownFilter):
    """Filters by month; offers the months that waiting items count toward, latest first."""

    title = "month"
    parameter_name = "month"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = QuarantinedItem.objects.waiting().values_list("months", flat=True).distinct()
        months = sorted({month for months in found for month in months}, reverse=True)
        return [(month, month) for month in months[:MONTHS_SHOWN]]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.of_month(value) if (value := self.value()) else queryset
