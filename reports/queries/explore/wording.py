"""A question with its days, time zones and filters in words: the same on the page, in the file and in the email."""

from collections.abc import Iterator

from reports.domain.question.dimensions import FILTERS
from reports.domain.question.wording import WHOSE_DAYS
from reports.queries.explore.asked.scope import Scope
from reports.queries.explore.names import names_of

ZONES_NAMED = 3


def days_in_words(scope: Scope) -> str:
    """`Last month, October 2026`: from the first day in any time zone to the last."""
    words = scope.question.days.in_words(scope.reach)
    return words if scope.is_one_reach else f"{words}, depending on the time zone"


def zones_in_words(scope: Scope) -> str:
    """Whose days they are, with the time zones if there are few."""
    zones = list(scope.reaches)
    if len(zones) > ZONES_NAMED:
        return f"{WHOSE_DAYS} ({len(zones)} time zones)"
    return f"{WHOSE_DAYS}: {', '.join(zones)}"


def filters_in_words(scope: Scope) -> Iterator[tuple[str, str, str]]:
    """Each filter: its code, its name, and what it lets through."""
    for code, values in scope.question.filters:
        keys = scope.chosen[code]
        names = {} if code == "period" else names_of(code, list(keys))
        yield code, FILTERS[code].name, ", ".join([names[key].words for key in keys] if names else values)
