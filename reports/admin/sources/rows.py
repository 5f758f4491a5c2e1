"""The addresses of the rows behind the figures of a source or channel."""

from urllib.parse import urlencode

from django.urls import reverse

from billing_engine.core.admin_kit.cells import list_of
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.groups import CHANNEL, SOURCE
from reports.queries.source_quality.quality import Quality

EXPLORER = "admin:reports_explorer"
DISPUTED = "admin:reports_disputed_actions"


def deliveries(each: Quality, days: Days) -> str:
    """Its deliveries of these UTC days; channels have no list of deliveries."""
    if each.source is None:
        return ""
    return list_of("leads.delivery", source__id__exact=each.source.pk, **_received(days))


def refused(each: Quality, days: Days, *, code: str | None = None, state: str = "all") -> str:
    """Its items in quarantine that were received on these UTC days."""
    if each.source is None:
        return ""
    asked = {"source__id__exact": each.source.pk, "code": code, "state": state}
    return list_of("leads.quarantineditem", **asked, **_received(days))


def leads(each: Quality, days: Days, *, customer: str = "") -> str:
    """Its leads of these days by the customer's day, without tests."""
    if each.source is None or customer:
        return explored(each, days, show="leads,amount,per_lead", customer=customer)
    asked = {"received_from": days.first, "received_to": days.last, "is_test__exact": 0}
    return list_of("leads.lead", source__id__exact=each.source.pk, **asked)


def explored(
    each: Quality, days: Days, *, show: str, group: str = "customer", customer: str = "", **filters: str
) -> str:
    """The same figure in the explorer."""
    where = {"source": each.source.code} if each.source else {"channel": each.key}
    asked = {"show": show, "group": group, "days": str(days), **where, "customer": customer, **filters}
    return f"{reverse(EXPLORER)}?{urlencode({name: value for name, value in asked.items() if value}, safe=',.')}"


def disputed(each: Quality, days: Days, *, part: str, currency: str, customer: str = "") -> str:
    """Its actions of these days, by the customer's day, that were disputed or credited."""
    by = SOURCE if each.source else CHANNEL
    asked = {"part": part, by: each.key, "days": str(days), "currency": currency, "customer": customer}
    return f"{reverse(DISPUTED)}?{urlencode({name: value for name, value in asked.items() if value}, safe='.')}"


def _received(days: Days) -> dict[str, str]:
    start, end = days.in_utc
    return {"received_at__gte": start.isoformat(), "received_at__lt": end.isoformat()}
