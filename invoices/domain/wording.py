"""Format quantities, rates and names for an invoice."""

import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from billing_engine.core.calendar.spans import Calendar, Cycle, Month, midnight
from billing_engine.core.calendar.wording import day_in_words, named_in_words, span_in_words
from billing_engine.core.money import number_in_words
from leads.models import BillingPeriod

NAMED = 3  # more would not fit in a sentence

# They would let a name change the direction of the text around it; right-to-left scripts do not need them.
DIRECTION_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """Return the text as one line, without control characters."""
    shown = (" " if unicodedata.category(sign) == "Cc" else sign for sign in text if sign not in DIRECTION_OVERRIDES)
    return " ".join("".join(shown).split())


def lines_of(text: str) -> tuple[str, ...]:
    """Return the lines of an address that are not empty."""
    return tuple(line for line in map(clean, text.splitlines()) if line)


def quantity_in_words(quantity: Decimal) -> str:
    """Return the quantity with as many decimal places as it needs: `1,250`, `0.5`."""
    return number_in_words(quantity)


def rate_in_words(rate: Decimal) -> str:
    """Return the rate with as many decimal places as it needs: `8.875%`."""
    return f"{number_in_words(rate)}%"


def month_in_words(label: str) -> str:
    """Name a cycle: `October 2026` for `2026-10`, `October 19 – 25, 2026` for `2026-W43`.

    A label that does not name a cycle is returned unchanged.
    """
    try:
        cycle = Cycle.parse(label)
    except ValueError:
        return label
    return named_in_words(cycle.first, cycle.last)


def late_in_words(late_from: str, calendar: Calendar) -> str:
    """Name the week or month in which late activity occurred, given its first day in the customer's calendar."""
    day = date.fromisoformat(late_from)
    instant = midnight(day, calendar.zone)
    if calendar.begin and not calendar.begins_by(instant):
        last_unbilled = calendar.begin.astimezone(calendar.zone).date() - timedelta(days=1)
        return named_in_words(day, min(Month.of_day(day).last, last_unbilled))
    span = calendar.containing(instant)[1]
    return span_in_words(span.start, span.end, calendar.zone)


def unfinished_in_words(periods: Sequence[BillingPeriod]) -> str:
    """List the customers whose periods have not ended, and when they end; count the rest."""
    named = [f"{clean(period.customer.name)}: {end_in_words(period)}" for period in periods[:NAMED]]
    more = len(periods) - len(named)
    return "; ".join([*named, f"{more:,} more"] if more else named)


def end_in_words(period: BillingPeriod) -> str:
    """`October 2026 ends November 1, 2026, 00:00 Pacific/Honolulu`."""
    end = period.end_at.astimezone(period.customer.zone)
    return f"{period.in_words} ends {day_in_words(end.date())}, {end:%H:%M} {period.customer.time_zone}"
