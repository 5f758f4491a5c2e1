"""Dates and times as senders write them: each field names one format, and it is never guessed row by row."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from leads.domain.mapping.language.numbers import checked, exact, is_number
from leads.domain.mapping.language.unreadable import NotConverted, shown, unreadable

ISO, EPOCH_SECONDS, EPOCH_MILLISECONDS = "iso", "epoch_seconds", "epoch_milliseconds"
DAY_FIRST, MONTH_FIRST, PATTERN = "day_first", "month_first", "pattern"
FORMS = {
    ISO: "2026-10-31T17:41:09-05:00",
    DAY_FIRST: "31.10.2026 17:41",
    MONTH_FIRST: "10/31/2026 5:41 PM",
    EPOCH_SECONDS: "1793486469",
    EPOCH_MILLISECONDS: "1793486469000",
    PATTERN: "%d %b %Y %H:%M",
}
DIRECTIVES = "aAbBdfHIjmMpSyYz%"

_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?",
    re.IGNORECASE,
)
_IN_FULL = re.compile(r"[0-9-]{10}T[0-9:]{8}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})")
_WRITTEN = re.compile(
    r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})"
    r"(?:,?[ T]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?(?: ?([AaPp])\.?[Mm]\.?)?)?"
)
_INSTANT = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,9})?")
_SPLIT = 100_000_000_000  # seconds until the year 5138, or milliseconds until March 1973
_START = datetime(1970, 1, 1, tzinfo=UTC)
_CACHED = 4_096


@dataclass(frozen=True, slots=True)
class DateFormat:
    """How a field's times are written, and the zone of those without a UTC offset ("" if there is none)."""

    form: str = ISO
    pattern: str = ""
    zone: str = ""

    @property
    def shown(self) -> str:
        """The format in words, such as: day first (31.10.2026 17:41)."""
        example = self.pattern if self.form == PATTERN else FORMS[self.form]
        return f"{self.form.replace('_', ' ')} ({example})"


def time_reader(form: DateFormat) -> Callable[[Any], str]:
    """Return a function that reads a time and writes it in ISO 8601 with its UTC offset. It raises NotConverted."""
    zone = ZoneInfo(form.zone) if form.zone else None

    @lru_cache(_CACHED)
    def of_text(text: str) -> str:
        if form.form == ISO and _IN_FULL.fullmatch(text):
            _iso(text)
            return text  # as it was sent, with all its digits
        return _with_offset(_READERS[form.form](text, form), text, zone)

    def read(value: Any) -> str:
        if type(value) is str:
            return of_text(value)
        if isinstance(value, datetime | date):
            at = value if isinstance(value, datetime) else datetime.combine(value, time())
            return _with_offset(at, value.isoformat(), zone)
        if not is_number(value):
            kind = "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else shown(value)
            raise unreadable(f"{kind} is not a time")
        return of_text(_digits(value))

    return read


def fitting_formats(texts: Iterable[str]) -> list[str]:
    """Return which of ISO, day first and month first all these strings fit; with two, a person has to decide."""
    given = [text.strip() for text in texts if text and text.strip()]
    return [form for form in (ISO, DAY_FIRST, MONTH_FIRST) if given and all(_fits(text, form) for text in given)]


def check_pattern(pattern: str) -> str:
    """Return what is wrong with a pattern, or ""."""
    named = re.findall(r"%(.?)", pattern, re.DOTALL)
    if unknown := [sign for sign in named if not sign or sign not in DIRECTIVES]:
        return f"%{unknown[0]} is not offered. Use %d, %m, %Y, %H, %M, %S and the others of the guide."
    if not {"d", "Y"} <= set(named) and not {"d", "y"} <= set(named) and "j" not in named:
        return "A pattern needs at least a day (%d), a month (%m or %b) and a year (%Y or %y)."
    try:
        datetime.strptime(datetime(2026, 10, 31, tzinfo=UTC).strftime(pattern), pattern)  # noqa: DTZ007 -- only tried
    except (ValueError, re.error):
        return f"Times can't be read by the pattern {pattern!r}."
    return ""


def _fits(text: str, form: str) -> bool:
    try:
        _READERS[form](text, DateFormat(form))
    except NotConverted:
        return False
    return True


def _digits(value: Any) -> str:
    number = Decimal(checked(value)) if isinstance(value, int) else exact(value)
    return format(number, "f")


def _no_time(text: str, form: DateFormat) -> NotConverted:
    return unreadable(f"{shown(text)} is not a time in the format {form.shown}")


def _iso(text: str, form: DateFormat = DateFormat()) -> datetime:
    try:
        if not _ISO.fullmatch(text):
            raise ValueError(text)
        return datetime.fromisoformat(text.upper().replace(",", "."))
    except ValueError as error:
        raise _no_time(text, form) from error


def _by_order(text: str, form: DateFormat) -> datetime:
    found = _WRITTEN.fullmatch(text)
    if not found:
        raise _no_time(text, form)
    first, _, second, year, hour, minute, seconds, fraction, half = found.groups()
    day, month = (first, second) if form.form == DAY_FIRST else (second, first)
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            raise _no_time(text, form)
        hours = hours % 12 + (12 if half in "pP" else 0)
    try:
        micro = int((fraction or "0").ljust(6, "0"))
        return datetime(int(year), int(month), int(day), hours, int(minute or 0), int(seconds or 0), micro)  # noqa: DTZ001 -- its zone is added
    except ValueError as error:
        raise _no_time(text, form) from error


def _since_1970(text: str, form: DateFormat) -> datetime:
    if not _INSTANT.fullmatch(text):
        raise _no_time(text, form)
    number = Decimal(text)
    is_seconds = form.form == EPOCH_SECONDS
    if number and (abs(number) < _SPLIT) != is_seconds:
        other = EPOCH_MILLISECONDS if is_seconds else EPOCH_SECONDS
        raise unreadable(f"{shown(text)} looks like {other.replace('_', ' ')}, and the format is {form.shown}")
    micro = int(number * (1_000_000 if is_seconds else 1_000))
    try:
        return _START + timedelta(microseconds=micro)
    except OverflowError as error:
        raise _no_time(text, form) from error


def _by_pattern(text: str, form: DateFormat) -> datetime:
    try:
        return datetime.strptime(text, form.pattern)  # noqa: DTZ007 -- its zone is added
    except ValueError as error:
        raise _no_time(text, form) from error


_READERS: dict[str, Callable[[str, DateFormat], datetime]] = {
    ISO: _iso,
    DAY_FIRST: _by_order,
    MONTH_FIRST: _by_order,
    EPOCH_SECONDS: _since_1970,
    EPOCH_MILLISECONDS: _since_1970,
    PATTERN: _by_pattern,
}


def _with_offset(at: datetime, text: str, zone: ZoneInfo | None) -> str:
    """Write a time with its offset; of a clock hour that comes twice, take the first."""
    if at.tzinfo is None:
        if zone is None:
            raise unreadable(f"{shown(text)} has no UTC offset, and the mapping names no time zone")
        at = at.replace(tzinfo=zone)
        try:
            is_real = at.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == at.replace(tzinfo=None)
        except OverflowError as error:
            raise unreadable(f"{shown(text)} is beyond what can be stored") from error
        if not is_real and (at.hour, at.minute) != (0, 0):
            raise unreadable(f"{shown(text)} does not exist in {zone.key}, where the clocks were set forward")
    written = at.isoformat()
    return written.removesuffix("+00:00") + "Z" if written.endswith("+00:00") else written
