"""A filter for what has an action: by the day on which the action occurred."""

from billing_engine.core.admin_kit.filters import DayFilter


class DaysOfItsAction(DayFilter):
    """When the action of the row occurred."""

    title = "day it occurred"
    parameter_name = "occurred"
    at = "action__occurred_at"
    zone = "action__period__customer__time_zone"
