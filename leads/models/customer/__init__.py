"""Who is billed: the customer, and the people of its portal."""

from leads.models.customer.customer import (
    CODE,
    UTC_ZONE,
    Customer,
    CycleChange,
    first_of_this_month,
    validate_currency,
    validate_locale,
    validate_time_zone,
)

__all__ = [
    "CODE",
    "UTC_ZONE",
    "Customer",
    "CycleChange",
    "first_of_this_month",
    "validate_currency",
    "validate_locale",
    "validate_time_zone",
]
