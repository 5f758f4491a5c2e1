"""Filters finance's lists share."""

from typing import Any

from django.db.models import Exists, Max, OuterRef, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from billing_engine.core.spans import labels_of
from invoices.domain.taken_back import periods_taken_back_from
from invoices.domain.wording import month_in_words
from invoices.models import Invoice, InvoiceLine

MONTHS_OFFERED = 36


class MonthFilter(DropdownFilter):
    """The month an invoice is for."""

    title = "month"
    parameter_name = "month"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        labels = Invoice.objects.values_list("period__label", flat=True).annotate(latest=Max("period__end_at"))
        latest = labels.order_by("-latest", "period__label").values_list("period__label", flat=True)
        return [(label, month_in_words(label)) for label in latest[:MONTHS_OFFERED]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        return queryset.filter(period__label__in=labels_of(value)) if (value := self.value()) else queryset


class ToBeCreditedFilter(DropdownFilter):
    """Invoices of which the customer is owed something back."""

    title = "to be credited"
    parameter_name = "to_be_credited"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Actions taken back after it was issued")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        if not self.value():
            return queryset
        return queryset.filter(state=Invoice.State.ISSUED, period__in=periods_taken_back_from())


class CutByBudgetFilter(DropdownFilter):
    """Invoices that a hard budget kept from asking for more."""

    title = "cut by a budget"
    parameter_name = "cut_by_budget"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Cut by a hard monthly budget")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        if not self.value():
            return queryset
        cut = InvoiceLine.objects.filter(invoice=OuterRef("pk"), cut_by_budget__gt=0)
        return queryset.filter(Exists(cut)).exclude(state=Invoice.State.VOID)
