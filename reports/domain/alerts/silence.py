"""Silent sources: a source that used to deliver in a rhythm and has stopped, judged by its own past."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise

from billing_engine.core.read_replica import rows_of
from reports.domain.alerts.finding import Finding, hours_in_words, time_in_words

WEEKS = 4
PAST = timedelta(weeks=WEEKS)
FORGOTTEN = timedelta(days=90)  # longer silence is known
OF_WEEKS = 3  # of the four, in which a day of the week has deliveries to be a usual one
LEAST_DAYS, LEAST_PERCENT = 10, 80
FACTOR_TENTHS = 15  # times the usual pause, in tenths
AT_LEAST = timedelta(hours=6)
A_DAY = timedelta(days=1)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
RULE = (
    "By UTC, over the four weeks up to its last delivery: usual days are those days of the week on which it delivered in at"
    " least three of the four weeks. A source has a rhythm if it delivered on at least 80% of its usual days and on at least"
    " 10 of them; others raise nothing. It is silent when its pause, counted on usual days only, is longer than one and a"
    " half times its longest pause of those weeks (leaving out one, such as an outage) and than 6 hours. Resolved by the"
    " next delivery."
)
# Each hour with a delivery in the four weeks up to the last one, of active sources whose pause is already longer than what
# is always usual: while all deliver, no past is read.
HOURS = """
    WITH latest AS (
        SELECT source.id, source.name, last.received_at AS last_at
          FROM leads_source source
          CROSS JOIN LATERAL (SELECT received_at FROM leads_delivery WHERE source_id = source.id
                               ORDER BY received_at DESC LIMIT 1) last
         WHERE source.is_active AND last.received_at > %(at)s - %(forgotten)s AND last.received_at < %(at)s - %(usual)s
               AND (%(of_all)s OR source.id = ANY (%(sources)s))
    )
    SELECT DISTINCT latest.id, latest.name, latest.last_at, date_trunc('hour', delivery.received_at AT TIME ZONE 'UTC')
      FROM latest JOIN leads_delivery delivery ON delivery.source_id = latest.id
           AND delivery.received_at > latest.last_at - %(past)s AND delivery.received_at <= latest.last_at
"""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a source usually delivers: on which days of the week, on how many of them it did, and its longest pause."""

    weekdays: frozenset[int]
    delivered: int
    pause: timedelta

    @property
    def expected(self) -> int:
        """The number of usual days in the four weeks."""
        return WEEKS * len(self.weekdays)

    @property
    def patience(self) -> timedelta:
        """The longest silence that is still usual."""
        return max(self.pause * FACTOR_TENTHS / 10, AT_LEAST)


@dataclass(frozen=True, slots=True)
class Silence:
    """A source that has stopped delivering: since when, and for how long on its usual days."""

    source: int
    name: str
    last_at: datetime
    lasts: timedelta
    rhythm: Rhythm

    @property
    def in_words(self) -> str:
        """The last delivery, the rhythm before, and the pause."""
        weekdays, pause = self.rhythm.weekdays, hours_in_words(self.rhythm.pause)
        named = "" if len(weekdays) == len(DAYS) else f" that are a {_named(weekdays)}"
        within = "" if not named else " on such days"
        return (
            f"Last delivery {time_in_words(self.last_at)}; it delivered on {self.rhythm.delivered} of the"
            f" {self.rhythm.expected} days{named} in the four weeks before. It has been silent for"
            f" {hours_in_words(self.lasts)}{within}; usually its longest pause is {pause}."
        )


def rhythm_of(hours: Iterable[datetime]) -> Rhythm | None:
    """Return the rhythm of the hours with deliveries, UTC without a zone, of four weeks; None if there is none."""
    found = sorted(set(hours))
    if not found:
        return None
    last = found[-1].date()
    days = {hour.date() for hour in found if hour.date() > last - PAST}
    by_weekday = defaultdict[int, int](int)
    for day in days:
        by_weekday[day.weekday()] += 1
    usual = frozenset(weekday for weekday, weeks in by_weekday.items() if weeks >= OF_WEEKS)
    delivered = sum(by_weekday[weekday] for weekday in usual)
    if delivered < LEAST_DAYS or delivered * 100 < LEAST_PERCENT * WEEKS * len(usual):
        return None
    pauses = sorted(usual_time(before, after, usual) for before, after in pairwise(found))
    return Rhythm(usual, delivered, pauses[-2] if len(pauses) > 1 else pauses[-1])


def usual_time(start: datetime, end: datetime, weekdays: frozenset[int]) -> timedelta:
    """Return how much of the time between two instants, UTC without a zone, is on these days of the week."""
    whole, day = timedelta(), start.date()
    while day <= end.date():
        if day.weekday() in weekdays:
            midnight = datetime.combine(day, time.min)
            whole += min(end, midnight + A_DAY) - max(start, midnight)
        day += A_DAY
    return whole


def silences(*, at: datetime) -> Iterator[Finding]:
    """Find active sources that have been silent for longer than their own past explains."""
    for each in silent_sources(at=at):
        title = f"{each.name} has stopped delivering"
        yield Finding(cause=str(each.source), title=title, words=each.in_words, source=each.source)


def silent_sources(sources: Collection[int] | None = None, *, at: datetime) -> list[Silence]:
    """Return the silences at this moment, of these sources or of all."""
    hours = defaultdict[tuple[int, str, datetime], list[datetime]](list)
    asked = {"at": at, "forgotten": FORGOTTEN, "past": PAST, "usual": AT_LEAST}
    asked |= {"of_all": sources is None, "sources": list(sources or ())}
    for source, name, last_at, hour in rows_of(HOURS, asked):
        hours[source, name, last_at].append(hour)
    found = []
    for (source, name, last_at), delivered in hours.items():
        rhythm = rhythm_of(delivered)
        lasts = usual_time(_plain(last_at), _plain(at), rhythm.weekdays) if rhythm else timedelta()
        if rhythm and lasts > rhythm.patience:
            found.append(Silence(source, name, last_at, lasts, rhythm))
    return found


def _named(weekdays: frozenset[int]) -> str:
    names = [DAYS[each] for each in sorted(weekdays)]
    if weekdays == frozenset(range(5)):
        return "weekday"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _plain(at: datetime) -> datetime:
    """The same instant as UTC without a zone."""
    return at.replace(tzinfo=None) - (at.utcoffset() or timedelta())
