"""How dates, quantities and rates read on an invoice: formatting and nothing else."""

import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date

from billing_engine.core.money import LOCALE, number_in_words, reader
from billing_engine.core.spans import Cycle, Month

# They would let a name change the direction of the text around it; letters of right-to-left scripts need none of them.
DIRECTION_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """One line of text, as it was typed, without control characters, which no paper can show."""
    shown = (" " if unicodedata.category(sign) == "Cc" else sign for sign in text if sign not in DIRECTION_OVERRIDES)
    return " ".join("".join(shown).split())


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of an address, without the empty ones."""
    return tuple(line for line in map(clean, text.splitlines()) if line)


def quantity_in_words(quantity: Decimal) -> str:
    """`1,250`, `0.5`: as many of its six places as it needs."""
    return number_in_words(quantity)


def rate_in_words(rate: Decimal) -> str:
    """`8.875%`: as many places as it needs."""
    return f"{number_in_words(rate)}%"


def day_in_words(day: date) -> str:
    """`October 1, 2026`, or where days come first `1 October 2026`."""
    return str(format_date(day, "long", locale=date_order()))


def month_in_words(label: str) -> str:
    """`October 2026` for `2026-10`, `October 19 – 25, 2026` for `2026-W43`; what is no cycle stays what it is."""
    try:
        cycle = Cycle.parse(label)
    except ValueError:
        return label
    if isinstance(cycle, Month):
        return str(format_date(cycle.first, "MMMM y", locale=LOCALE))
    return _days_in_words(cycle.first, cycle.next().first - timedelta(days=1))


def stretch_in_words(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """`October 1 – 31, 2026`: the days of the half-open stretch, as the zone counts them."""
    return _days_in_words(start.astimezone(zone).date(), (end.astimezone(zone) - timedelta(microseconds=1)).date())


def _days_in_words(first: date, last: date) -> str:
    if (first.year, first.month) != (last.year, last.month):
        return f"{day_in_words(first)} – {day_in_words(last)}"
    if date_order() != LOCALE:
        return f"{first.day} – {day_in_words(last)}"
    return f"{format_date(first, 'MMMM d', locale=LOCALE)} – {last.day}, {last.year}"


def date_order() -> Locale:
    """The words are English ones, as everything on an invoice; their order is the reader's."""
    return LOCALE if reader() == LOCALE else Locale("en", "001")
