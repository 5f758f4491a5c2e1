"""Format instants and days for pages: `Oct 31, 2026, 14:02 EDT`, in one form everywhere, and always with their zone.

Files, the API and fields have ISO 8601 instead.
"""

from datetime import UTC, date, datetime, tzinfo

from django.utils.html import format_html
from django.utils.safestring import SafeString

NOTHING = "–"


def zone_in_words(at: datetime, zone: tzinfo) -> str:
    """`EDT`; for a zone without letters, its offset: `UTC-03`."""
    name = at.astimezone(zone).tzname() or ""
    return f"UTC{name}" if name.startswith(("+", "-")) else name


def instant_in_words(at: datetime, zone: tzinfo, *, seconds: bool = False) -> str:
    """`Oct 31, 2026, 14:02 EDT`; with `seconds` to the last digit: `Oct 31, 2026, 14:02:07.25 EDT`."""
    local = at.astimezone(zone)
    exact = f"{local:%H:%M:%S.%f}".rstrip("0").rstrip(".") if seconds else f"{local:%H:%M}"
    return f"{day(local)}, {exact} {zone_in_words(at, zone)}"


def instant(at: datetime | None, zone: tzinfo = UTC) -> SafeString | str:
    """The same for a page; the tooltip shows the weekday, the seconds and the zone's full name."""
    if at is None:
        return NOTHING
    local = at.astimezone(zone)
    return format_html(
        '<time class="lb-instant" datetime="{}" title="{}">{} <span class="lb-quiet">{}</span></time>',
        at.isoformat(),
        f"{local:%A, %B %-d, %Y, %H:%M:%S} ({getattr(zone, 'key', zone)})",
        f"{day(local)}, {local:%H:%M}",
        zone_in_words(at, zone),
    )


def day(on: date | None) -> str:
    """`Oct 31, 2026`."""
    return NOTHING if on is None else f"{on:%b} {on.day}, {on.year}"
