"""From which day on a customer is billed: which days are refused, and by whom."""

from collections.abc import Callable
from datetime import date

Check = Callable[[date], str]  # why no customer can be billed from this day on; "" where it can

# Only the upper layers know what is billed: each registers what it refuses when the program starts.
_checks: list[Check] = []


def register(check: Check) -> None:
    """Ask this check too, from now on."""
    _checks.append(check)


def refusal_of_first_day(day: date) -> str:
    """Why no customer can be billed from this day on; "" where it can."""
    return next((words for check in _checks if (words := check(day))), "")
