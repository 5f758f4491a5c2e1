"""When a refused item occurred, as far as readable, and the months it counts toward until it is settled."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from django.db.models.functions import Lower
from msgspec import Meta

from billing_engine.core.calendar.spans import Month
from leads.domain.identity import external_id, in_utc, to_the_microsecond
from leads.models import Customer, Lead, Product, Source

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CLOCKS_DIFFER_BY = timedelta(minutes=5)

Instant = Annotated[datetime, Meta(tz=True)]


class Occurred(NamedTuple):
    """The earliest readable time in an item, its customer's time zone ("" if unknown: months are then in UTC), and the
    months it counts toward."""

    at: datetime | None
    zone: str
    months: list[str]


def occurred(content: Any, *, received_at: datetime, zone: str) -> Occurred:
    """Count each action toward its own month, and an item without a plausible time toward the month it was received in."""
    read = sorted(_instants(content, received_at))
    within = ZoneInfo(zone or "UTC")
    months = dict.fromkeys(str(Month.containing(instant, within)) for instant in read or [received_at])
    return Occurred(read[0] if read else None, zone, list(months))


class KnownCustomer(NamedTuple):
    """The customer an item belongs to."""

    pk: int
    zone: str


def zones_of(source: Source, contents: Sequence[Any]) -> list[str]:
    """Return the time zone of each item's customer, "" if unknown."""
    return [customer.zone if customer else "" for customer in customers_of(source, contents)]


def customers_of(source: Source, contents: Sequence[Any]) -> list[KnownCustomer | None]:
    """Return each item's customer, None if unknown, in four queries for any number of items.

    The customer is known from the stored lead, from the customer or product the item names, or from the source.
    """
    named = [_named(content) for content in contents]
    leads = Lead.objects.filter(source=source, external_id__in={one.lead for one in named if one.lead})
    of_lead = _by_name(leads.values_list("external_id", "product__customer", "product__customer__time_zone"))
    codes = {one.customer for one in named if one.customer}
    by_code = Customer.objects.annotate(lower_code=Lower("code")).filter(lower_code__in=codes)
    of_code = _by_name(by_code.values_list("lower_code", "pk", "time_zone"))
    of_sku = _by_sku({one.sku for one in named if one.sku and not one.customer})
    own = KnownCustomer(source.customer.pk, source.customer.time_zone) if source.customer else None
    return [of_lead.get(one.lead) or of_code.get(one.customer) or own or of_sku.get(one.sku) for one in named]


def _by_name(rows: Iterable[tuple[str, int, str]]) -> dict[str, KnownCustomer]:
    return {name: KnownCustomer(pk, zone) for name, pk, zone in rows}


class _Named(NamedTuple):
    """What an item says about its customer."""

    lead: str
    customer: str
    sku: str


def _named(content: Any) -> _Named:
    lead = content if isinstance(content, dict) else {}
    product = lead.get("product")
    product = product if isinstance(product, dict) else {}
    customer = product.get("customer")
    return _Named(_id(lead.get("id")), customer.lower() if isinstance(customer, str) else "", _id(product.get("sku")))


def _id(given: Any) -> str:
    return external_id(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""


def _by_sku(skus: Iterable[str]) -> dict[str, KnownCustomer]:
    """Return the customers of SKUs that only one customer has."""
    found = dict[str, set[KnownCustomer]]()
    rows = Product.objects.filter(sku__in=skus).values_list("sku", "customer", "customer__time_zone")
    for sku, customer, zone in rows:
        found.setdefault(sku, set()).add(KnownCustomer(customer, zone))
    return {sku: next(iter(customers)) for sku, customers in found.items() if len(customers) == 1}


def _instants(content: Any, received_at: datetime) -> Iterable[datetime]:
    """Return the plausible times of the item's actions, or else of its lead."""
    if not isinstance(content, dict):
        return []
    actions = content.get("actions")
    sent = [one.get("occurred_at") for one in actions if isinstance(one, dict)] if isinstance(actions, list) else []
    latest = received_at + CLOCKS_DIFFER_BY
    read = list(filter(None, map(_instant, sent))) or filter(None, [_instant(content.get("occurred_at"))])
    return [instant for instant in read if EARLIEST <= instant <= latest]


def _instant(sent: Any) -> datetime | None:
    if not isinstance(sent, str):
        return None
    try:
        # Like every other time: cut to microseconds, and in UTC.
        return in_utc(msgspec.convert(to_the_microsecond(sent), Instant))
    except (msgspec.ValidationError, OverflowError):
        return None
