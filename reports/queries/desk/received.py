"""What sources delivered day by day, and what of it waits in quarantine."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from billing_engine.core.calendar.spans import midnight
from billing_engine.core.read_replica import rows_of
from leads.models import Source, SourceRevision
from leads.models.revision import fact_on

UTC = ZoneInfo("UTC")
DAY = timedelta(days=1)
SHOWN_DAYS, USUAL_DAYS = 7, 35
SILENT_DAYS, FEWEST_DAYS = 2, 7
USUALLY = (2, 3)  # of the days before its last one, a source delivered on at least this share

DELIVERED = """
    SELECT source_id, (received_at AT TIME ZONE 'UTC')::date, max(received_at),
           sum(leads_received + actions_received),
           sum(leads_quarantined + leads_conflict + actions_quarantined + actions_conflict)
      FROM leads_delivery
     WHERE received_at >= %(since)s
     GROUP BY 1, 2
"""
# An item is received on or after the day on which it occurred; a clock may be a little ahead.
HELD = """
    SELECT day, sum(actions)
      FROM (SELECT (COALESCE(occurred_at, received_at) AT TIME ZONE COALESCE(NULLIF(zone, ''), 'UTC'))::date AS day,
                   actions_held AS actions
              FROM leads_quarantineditem
             WHERE state = 'waiting' AND received_at >= %(first)s::date - interval '2 days') item
     WHERE day BETWEEN %(first)s AND %(last)s
     GROUP BY 1
"""


@dataclass(slots=True)
class Delivered:
    """What a source delivered: items by day, how many of them were refused, and when the last ones came."""

    source: Source
    channel: str
    last: datetime | None = None
    items: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    refused: dict[date, int] = field(default_factory=lambda: defaultdict(int))

    def silent_days(self, today: date) -> int:
        """Return for how many days a source delivers nothing that usually delivers; 0 if it is not silent."""
        if not self.items:
            return 0
        last, first = max(self.items), today - DAY * (USUAL_DAYS - 1)
        silent, before = (today - last).days, (last - first).days + 1
        share, of = USUALLY
        is_usual = len(self.items) >= FEWEST_DAYS and len(self.items) * of >= before * share
        return silent if silent >= SILENT_DAYS and is_usual else 0


def delivered(today: date) -> list[Delivered]:
    """Return the active sources by name with what they delivered in the last days, by UTC day."""
    channels = fact_on(SourceRevision, "channel", today)
    sources = Source.objects.filter(is_active=True).annotate(today_channel=channels).order_by("name", "pk")
    found = {source.pk: Delivered(source, source.today_channel) for source in sources}
    since = midnight(today - DAY * (USUAL_DAYS - 1), UTC)
    for source, day, last, items, refused in rows_of(DELIVERED, {"since": since}):
        if one := found.get(source):
            one.items[day], one.refused[day] = int(items), int(refused)
            one.last = max(filter(None, (one.last, last)))
    return list(found.values())


def held_by_day(first: date, last: date) -> Mapping[date, int]:
    """Return how many actions wait in quarantine, by the day on which they occurred in the customer's time zone.

    Where the customer is not known, days are in UTC; where the time is not known, it is that of receipt.
    """
    return {day: int(actions) for day, actions in rows_of(HELD, {"first": first, "last": last})}
