"""How much work one record may cause: an expression of a few characters can double a list again and again."""

from threading import local
from typing import Any

MOST = 1_000_000  # a second or two


class TooManySteps(ValueError):
    """The expressions of a mapping take too long for one record, or build too much of it."""

    def __init__(self) -> None:
        super().__init__(f"the mapping takes more than {MOST:,} steps for one record")


class _Left(local):
    steps = MOST


_left = _Left()


def begin() -> None:
    """A record begins."""
    _left.steps = MOST


def spend(steps: int) -> None:
    """Count steps of the current record. Raises TooManySteps."""
    _left.steps -= steps
    if _left.steps < 0:
        raise TooManySteps


def spend_on(value: Any) -> None:
    """Count the parts of a value, as often as each is in it. Raises TooManySteps."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            spend(len(one))
            waiting.extend(one.values())
        elif isinstance(one, list):
            spend(len(one))
            waiting.extend(one)
