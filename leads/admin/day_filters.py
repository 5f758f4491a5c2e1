"""Filters by day for what belongs to customers: the day is the customer's."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from billing_engine.core.admin_kit.day_filters import DayFilter
from leads.models import Customer


class CustomerDays(DayFilter):
    """By the days of the customers there are."""

    def zones(self) -> Iterable[str]:
        return Customer.objects.order_by().values_list("time_zone", flat=True).distinct()


class ActionDays(CustomerDays):
    """When an action occurred."""

    title = "day it occurred"
    parameter_name = "occurred"
    at = "occurred_at"
    zone = "period__customer__time_zone"


class DaysOfItsAction(CustomerDays):
    """When the action of the row occurred."""

    title = "day it occurred"
    parameter_name = "occurred"
    at = "action__occurred_at"
    zone = "action__period__customer__time_zone"


class LeadDays(CustomerDays):
    """When a lead was received."""

    title = "day it was received"
    parameter_name = "received"
    at = "received_at"
    zone = "product__customer__time_zone"


def asks_for_days(request: HttpRequest, days: type[DayFilter]) -> bool:
    """Whether the list is asked for some days alone: it is then in the order of time."""
    given: Any = request.GET
    return any(given.get(f"{days.parameter_name}_{end}") for end in ("from", "to"))
