"""Checks on the first day a customer is billed from, registered by the upper layers."""

from collections.abc import Callable
from datetime import date

Check = Callable[[date], str]  # returns why no customer can be billed from this day on, or ""

# Only the upper layers know what is billed, so each registers its checks at startup.
_checks: list[Check] = []


def register(check: Check) -> None:
    """Add a check."""
    _checks.append(check)


def refusal_of_first_day(day: date) -> str:
    """Return why no customer can be billed from this day on, or "" if they can."""
    return next((words for check in _checks if (words := check(day))), "")
