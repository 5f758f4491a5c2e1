"""Format days and ranges of days for documents, emails, pages and the API."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date

from billing_engine.core.calendar.spans import Month
from billing_engine.core.money import LOCALE, reader


def day_in_words(day: date) -> str:
    """`October 1, 2026`, or in locales with the day first `1 October 2026`."""
    return str(format_date(day, "long", locale=date_order()))


def days_in_words(first: date, last: date) -> str:
    """`October 19 – 25, 2026`, both days included; `November 1, 2026` for a single day."""
    if first == last:
        return day_in_words(first)
    if (first.year, first.month) != (last.year, last.month):
        return f"{day_in_words(first)} – {day_in_words(last)}"
    if date_order() != LOCALE:
        return f"{first.day} – {day_in_words(last)}"
    return f"{format_date(first, 'MMMM d', locale=LOCALE)} – {last.day}, {last.year}"


def named_in_words(first: date, last: date) -> str:
    """Like `days_in_words`, but a whole month by its name: `October 2026`."""
    month = Month.of_day(first)
    if (first, last) == (month.first, month.last):
        return str(format_date(first, "MMMM y", locale=LOCALE))
    return days_in_words(first, last)


def span_in_words(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """A half-open span by its name, or by its days in the zone if it was cut."""
    return named_in_words(*days_of(start, end, zone))


def stretch_in_words(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """Always the days, even of a whole month: `October 1 – 31, 2026`."""
    return days_in_words(*days_of(start, end, zone))


def days_of(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """The first and the last day of a half-open span."""
    return start.astimezone(zone).date(), (end.astimezone(zone) - timedelta(microseconds=1)).date()


def count_of_days(count: int) -> str:
    """`1 day`, `7 days`."""
    return f"{count} day{'' if count == 1 else 's'}"


def age_in_words(age: timedelta) -> str:
    """`12 min`, `5 h`, `3 days`: in the largest unit that it fills."""
    if age >= timedelta(days=1):
        return count_of_days(age.days)
    minutes = max(0, int(age.total_seconds())) // 60
    return f"{minutes // 60} h" if minutes >= 60 else f"{minutes} min"


def date_order() -> Locale:
    """Words are English, like everything on an invoice; their order is that of the reader's locale."""
    return LOCALE if reader() == LOCALE else Locale("en", "001")
