"""`{{ step.at|instant:invoice.customer.zone }}`: instants in templates, with their zone as everywhere."""

from datetime import UTC, datetime, tzinfo

from django import template

from billing_engine.core.calendar.instants import instant as shown

register = template.Library()


@register.filter
def instant(at: datetime | None, zone: tzinfo | str | None = None) -> str:
    """In the given zone; without one in UTC, for what concerns no customer."""
    return shown(at, zone if isinstance(zone, tzinfo) else UTC)
