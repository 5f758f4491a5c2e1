"""Filters finance's lists share."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from invoices.domain.wording import month_in_words
from invoices.models import Invoice

MONTHS_OFFERED = 36


class MonthFilter(DropdownFilter):
    """The month an invoice is for."""

    title = "month"
    parameter_name = "month"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        labels = Invoice.objects.order_by("-period__label").values_list("period__label", flat=True).distinct()
        return [(label, month_in_words(label)) for label in labels[:MONTHS_OFFERED]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        return queryset.filter(period__label=self.value()) if self.value() else queryset
