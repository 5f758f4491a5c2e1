"""When a rule is in force: its wall-clock times on the clock of each customer it could price."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from enum import Enum
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from billing_engine.core.calendar.wall_clock import instant_of, not_before
from leads.models import Customer
from pricing.models import PriceRule

UTC_ZONE = ZoneInfo("UTC")

Zones = Collection[ZoneInfo]


class Standing(Enum):
    """The state of an active rule at an instant, across all customers it could price."""

    NEVER = "never"  # it ends where it starts: superseded before it priced anything
    TO_COME = "to come"  # for no customer yet
    NOW = "now"
    OVER = "over"  # for every customer


def customers_of(*rules: PriceRule | None) -> QuerySet[Customer]:
    """The customers whose actions these rules could price."""
    found = Q(pk=None)
    for rule in rules:
        if rule is not None:
            owner = rule.customer_id or (rule.product and rule.product.customer_id)
            found |= Q(pk=owner) if owner else Q(currency=rule.currency)
    return Customer.objects.filter(found)


def zones_of(*rules: PriceRule | None) -> list[ZoneInfo]:
    """Their time zones; UTC if there is no such customer yet."""
    names = customers_of(*rules).values_list("time_zone", flat=True).distinct()
    return [ZoneInfo(name) for name in sorted(names)] or [UTC_ZONE]


def zones_of_each(rules: Collection[PriceRule]) -> dict[int, list[ZoneInfo]]:
    """The same for each rule by its id, in one query."""
    by_currency: Mapping[str, list[ZoneInfo]] = defaultdict(list)
    for currency, name in Customer.objects.values_list("currency", "time_zone").distinct().order_by("time_zone"):
        by_currency[currency].append(ZoneInfo(name))
    return {rule.pk: _own_zone(rule) or by_currency[rule.currency] or [UTC_ZONE] for rule in rules}


def standing(rule: PriceRule, *, at: datetime, zones: Zones) -> Standing:
    """Return the rule's state at an instant."""
    if rule.wall_from == rule.wall_to:
        return Standing.NEVER
    if not has_begun(rule.wall_from, at=at, zones=zones):
        return Standing.TO_COME
    if rule.wall_to is not None and all(instant_of(rule.wall_to, zone) <= at for zone in zones):
        return Standing.OVER
    return Standing.NOW


def has_begun(wall: datetime, *, at: datetime, zones: Zones) -> bool:
    """Whether the time has come in one of the zones."""
    return any(instant_of(wall, zone) <= at for zone in zones)


def now_in(zones: Zones, *, at: datetime) -> datetime:
    """The first whole minute that is not past for any customer: now for one, the latest local time for several."""
    return max(not_before(at, zone) for zone in zones)


def _own_zone(rule: PriceRule) -> list[ZoneInfo]:
    owner = rule.customer or (rule.product.customer if rule.product else None)
    return [owner.zone] if owner else []
