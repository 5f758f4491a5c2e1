"""A filter by the day on which an action occurred."""

from billing_engine.core.admin_kit.filters import DayFilter


class DaysOfItsAction(DayFilter):
    """Filter by when the row's action occurred."""

    title = "day it occurred"
    parameter_name = "occurred"
    at = "action__occurred_at"
    zone = "action__period__customer__time_zone"
