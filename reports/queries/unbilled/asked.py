"""The days that the unbilled report is asked for: read the same way for its page and for its file."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from billing_engine.core.calendar.edges import FIRST_DAY, today_somewhere
from billing_engine.core.calendar.wording import count_of_days, day_in_words
from reports.domain.question.days import DAY, one_day
from reports.domain.question.faults import BadQuestion

AS_OF, SINCE = "as_of", "since"
LONGEST = timedelta(days=400)  # of the bridge


def days_asked(asked: Mapping[str, str], *, at: datetime) -> tuple[date, date]:
    """The day and the earlier one that the bridge starts from; raises BadQuestion."""
    latest = today_somewhere(at)
    day = one_day(AS_OF, asked.get(AS_OF) or str(latest.replace(day=1) - DAY), latest=latest)
    # Without one, it is the end of the month before.
    previous = one_day(SINCE, asked.get(SINCE) or str(max(FIRST_DAY, day.replace(day=1) - DAY)), latest=latest)
    if previous >= day:
        raise BadQuestion(SINCE, f"Choose a day before {day_in_words(day)}.")
    if day - previous > LONGEST:
        raise BadQuestion(SINCE, f"Choose a day at most {count_of_days(LONGEST.days)} earlier.")
    return day, previous
