"""What the figures of a question can be grouped and filtered by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from billing_engine.core.calendar.spans import Month, Week
from billing_engine.core.calendar.wording import day_in_words, days_in_words, named_in_words
from leads.models.source import Channel
from pricing.models.activity import Activity
from reports.domain.question.days import quarter_of


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way to tell activity apart."""

    code: str
    name: str
    many: str
    of_leads: bool = True  # whether a lead has exactly one value, so that leads can be counted by it
    is_time: bool = False
    choices: Mapping[str, str] | None = None  # all values and their names, if they are few and known
    is_fact: bool = False  # whether it may change with time


OUTCOMES = dict(Activity.OUTCOMES)
DIMENSIONS = {
    each.code: each
    for each in (
        Dimension("customer", "Customer", "customers"),
        Dimension("product", "Product", "products"),
        Dimension("category", "Category", "categories", is_fact=True),
        Dimension("source", "Source", "sources"),
        Dimension("channel", "Channel", "channels", choices=dict(Channel.choices), is_fact=True),
        Dimension("action_type", "Action type", "action types", of_leads=False),
        Dimension("rule", "Price rule", "price rules", of_leads=False),
        Dimension("outcome", "Outcome", "outcomes", of_leads=False, choices=OUTCOMES),
        Dimension("period", "Billing period", "billing periods", of_leads=False),
        Dimension("day", "Day", "days", is_time=True),
        Dimension("week", "Week", "weeks", is_time=True),
        Dimension("month", "Month", "months", is_time=True),
        Dimension("quarter", "Quarter", "quarters", is_time=True),
        Dimension("year", "Year", "years", is_time=True),
    )
}
GROUPS = tuple(DIMENSIONS)
TIMES = {code: each for code, each in DIMENSIONS.items() if each.is_time}
FILTERS = {code: each for code, each in DIMENSIONS.items() if not each.is_time}
# What a month's sums can't tell apart.
FINER_THAN_MONTHS = ("day", "week")


def time_in_words(code: str, first: date) -> str:
    """The name of a day, week, month, quarter or year, by its first day."""
    if code == "day":
        return day_in_words(first)
    if code == "week":
        return days_in_words(first, Week.of_day(first).last)
    if code == "month":
        return named_in_words(first, Month.of_day(first).last)
    return f"Q{(first.month + 2) // 3} {first.year}" if code == "quarter" else str(first.year)


def days_of_time(code: str, first: date) -> tuple[date, date]:
    """The first and last day of it."""
    if code == "day":
        return first, first
    if code == "week":
        return first, Week.of_day(first).last
    if code == "month":
        return first, Month.of_day(first).last
    return quarter_of(first) if code == "quarter" else (first, date(first.year, 12, 31))
