"""What sources delivered day by day, and what of it waits in quarantine."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from billing_engine.core.calendar.spans import midnight
from billing_engine.core.read_replica import rows_of
from leads.models import Source, SourceRevision
from leads.models.revision import fact_on
from reports.domain.alerts.silence import Silence

UTC = ZoneInfo("UTC")
DAY = timedelta(days=1)
SHOWN_DAYS = 7

DELIVERED = """
    SELECT source_id, (received_at AT TIME ZONE 'UTC')::date,
           sum(leads_received + actions_received),
           sum(leads_quarantined + leads_conflict + actions_quarantined + actions_conflict)
      FROM leads_delivery
     WHERE received_at >= %(since)s
     GROUP BY 1, 2
"""
LAST = """
    SELECT source.id, last.received_at
      FROM leads_source source
      CROSS JOIN LATERAL (SELECT received_at FROM leads_delivery WHERE source_id = source.id
                           ORDER BY received_at DESC LIMIT 1) last
     WHERE source.is_active
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
    """What a source delivered: items by day, how many of them were refused, when the last ones came, and its silence."""

    source: Source
    channel: str
    last: datetime | None = None
    silence: Silence | None = None
    items: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    refused: dict[date, int] = field(default_factory=lambda: defaultdict(int))


def delivered(at: datetime, silences: Iterable[Silence]) -> list[Delivered]:
    """Return the active sources by name with what they delivered in the last days, by UTC day."""
    today = at.date()
    channels = fact_on(SourceRevision, "channel", today)
    sources = Source.objects.filter(is_active=True).annotate(today_channel=channels).order_by("name", "pk")
    last, silent = dict(rows_of(LAST, {})), {each.source: each for each in silences}
    found = {each.pk: Delivered(each, each.today_channel, last.get(each.pk), silent.get(each.pk)) for each in sources}
    since = midnight(today - DAY * (SHOWN_DAYS - 1), UTC)
    for source, day, items, refused in rows_of(DELIVERED, {"since": since}):
        if one := found.get(source):
            one.items[day], one.refused[day] = int(items), int(refused)
    return list(found.values())


def held_by_day(first: date, last: date) -> Mapping[date, int]:
    """Return how many actions wait in quarantine, by the day on which they occurred in the customer's time zone.

    Where the customer is not known, days are in UTC; where the time is not known, it is that of receipt.
    """
    return {day: int(actions) for day, actions in rows_of(HELD, {"first": first, "last": last})}
