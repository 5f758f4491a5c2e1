"""The filters of charges that work only within a period, a customer or a month."""

from typing import Any

from django.contrib.admin.utils import prepare_lookup_value
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, DropdownFilter

from billing_engine.core.admin_kit.filters import Within
from leads.models import BillingPeriod
from pricing.models import Charge, PriceRule
from pricing.models.charge import IS_CUT

# Charges are indexed by action, so these use the actions' index of periods.
BY_PERIOD = "action__period__id__exact"
BY_CUSTOMER = "action__period__customer__id__exact"
BY_MONTH = "action__period__label__in"  # the totals of a month close link to its charges
OF_ACTION = "action__period__"
CUT_BY = {
    Charge.Cap.PER_LEAD.value: "cut_per_lead",
    Charge.Cap.PER_PERIOD.value: "cut_per_period",
    Charge.Cap.BUDGET.value: "cut_by_budget",
}


class ByActionType(Within, AutocompleteSelectFilter):
    """Filter by action type."""

    scopes = (BY_PERIOD,)
    asks_for = "To filter charges by action type, choose a period too."


class ByRule(Within, AutocompleteSelectFilter):
    """Filter by the rule that priced the charge."""

    scopes = (BY_PERIOD,)
    asks_for = "To filter charges by rule, choose a period too."

    def queryset(self, request: HttpRequest, queryset: QuerySet[Charge]) -> Any:
        """With the rule's own action type, which the index of a period's actions names."""
        found = super().queryset(request, queryset)
        rule = None if found is queryset else PriceRule.objects.filter(pk=self.value()).first()
        return found.filter(action__action_type=rule.action_type_id) if rule and rule.action_type_id else found


class OfCustomer(AutocompleteSelectFilter):
    """Filter by customer: by the IDs of its periods, because PostgreSQL knows how many actions those have."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Charge]) -> Any:
        found = super().queryset(request, queryset)  # refuses what is no number
        return found if found is queryset else queryset.filter(action__period__in=_periods(request, BY_CUSTOMER))


class WithinItsPeriod(Within):
    """Filters by what an index of the charges' own periods serves."""

    scopes = (BY_PERIOD, BY_CUSTOMER, BY_MONTH)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Charge]) -> Any:
        found = super().queryset(request, queryset)
        scopes = [name for name in self.scopes if request.GET.get(name)]
        return found if found is queryset or not scopes else found.filter(period__in=_periods(request, *scopes))


class OfCap(DropdownFilter):
    """The charges that a cap reduced."""

    title = "cap"
    parameter_name = "cap"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Charge.Cap.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Charge]) -> QuerySet[Charge]:
        column = CUT_BY.get(self.value() or "")
        return queryset.filter(IS_CUT, **{f"{column}__isnull": False}) if column else queryset


class ByReason(WithinItsPeriod, ChoicesDropdownFilter):
    """Filter by the reason of the exclusion."""

    asks_for = "To filter charges by reason, choose a period or a customer too."


class ByCap(WithinItsPeriod, OfCap):
    """Filter by the cap that reduced the charge."""

    asks_for = "To filter charges by cap, choose a period or a customer too."


def _periods(request: HttpRequest, *scopes: str) -> list[int]:
    asked = {name.removeprefix(OF_ACTION): prepare_lookup_value(name, request.GET[name]) for name in scopes}
    return list(BillingPeriod.objects.filter(**asked).values_list("pk", flat=True))
