"""`{{ step.at|instant:invoice.customer.zone }}`: instants in templates, with their zone as everywhere."""

from datetime import UTC, date, datetime, tzinfo

from django import template

from billing_engine.core.calendar.instants import day as day_shown
from billing_engine.core.calendar.instants import instant as shown
from billing_engine.core.calendar.wording import age_in_words

register = template.Library()


@register.filter
def instant(at: datetime | None, zone: tzinfo | str | None = None) -> str:
    """In the given zone; without one in UTC, for what concerns no customer."""
    return shown(at, zone if isinstance(zone, tzinfo) else UTC)


@register.filter
def day(on: date | None) -> str:
    """`{{ document.posted_on|day }}`: `Oct 31, 2026`."""
    return day_shown(on)


@register.filter
def age(since: datetime, at: datetime) -> str:
    """`{{ task.since|age:at }}`: `3 days`."""
    return age_in_words(at - since)
