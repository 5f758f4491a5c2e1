"""The bridge from what a month received to what occurred in it and what its billing periods hold, counted from the rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Max, Min, Sum

from billing_engine.core.calendar.spans import Cycle, midnight
from billing_engine.core.read_replica import rows_of
from leads.models import BillingPeriod, Customer, Delivery, QuarantinedItem, UnratedMark
from pricing.models import PeriodTally

EARLIER, WITHIN, LATER = "earlier", "within", "later"

WHEN = "CASE WHEN {at} < {start} THEN 'earlier' WHEN {at} >= {end} THEN 'later' ELSE 'within' END"
OCCURRED = WHEN.format(at="action.occurred_at", start="zone.start_at", end="zone.end_at")
RECEIVED = WHEN.format(at="delivery.received_at", start="%(start)s", end="%(end)s")
ZONES = """
    WITH zone AS MATERIALIZED (
        SELECT * FROM unnest(%(zones)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
                      AS zone (name, start_at, end_at)
    )
"""
JOINS = """
      JOIN leads_customer customer ON customer.id = period.customer_id
      JOIN zone ON zone.name = customer.time_zone
"""
# The range of delivery ids narrows down the actions to read.
OF_DELIVERIES = f"""
    {ZONES}
    SELECT {OCCURRED}, count(*)
      FROM leads_action action
      JOIN leads_delivery delivery ON delivery.id = action.delivery_id
      JOIN leads_billingperiod period ON period.id = action.period_id
      {JOINS}
     WHERE action.delivery_id BETWEEN %(first)s AND %(last)s
       AND delivery.received_at >= %(start)s AND delivery.received_at < %(end)s
     GROUP BY 1
"""  # noqa: S608 -- fragments from this file
# All actions of the month's own periods; from other periods only what occurred in the month, found by index.
OF_PERIODS = f"""
    {ZONES}
    SELECT TRUE, {OCCURRED}, {RECEIVED}, count(*)
      FROM leads_billingperiod period {JOINS}
      JOIN leads_action action ON action.period_id = period.id
      JOIN leads_delivery delivery ON delivery.id = action.delivery_id
     WHERE period.label = ANY (%(labels)s)
     GROUP BY 1, 2, 3
    UNION ALL
    SELECT FALSE, 'within', {RECEIVED}, count(*)
      FROM leads_billingperiod period {JOINS}
      JOIN leads_action action ON action.period_id = period.id
           AND action.occurred_at >= zone.start_at AND action.occurred_at < zone.end_at
      JOIN leads_delivery delivery ON delivery.id = action.delivery_id
     WHERE period.label <> ALL (%(labels)s)
     GROUP BY 1, 2, 3
"""  # noqa: S608 -- fragments from this file


@dataclass(frozen=True, slots=True)
class Moved:
    """The difference between what was received in a month (UTC) and what occurred in it."""

    received: int
    occurred_earlier: int
    occurred_later: int
    received_earlier: int
    received_later: int
    occurred: int

    @property
    def adds_up(self) -> bool:
        """Return whether both ends, which are counted independently, agree."""
        received_otherwise = self.received_earlier + self.received_later
        return self.received - self.occurred_earlier - self.occurred_later + received_otherwise == self.occurred


@dataclass(frozen=True, slots=True)
class Bridge:
    """A month's actions from intake to its billing periods, and its quarantined items."""

    actions: Moved
    reported: int  # the number of stored actions that the deliveries report
    elsewhere: int  # occurred in the month, but in other periods: late, or in a week across the month's border
    from_elsewhere: int  # in the month's periods, but occurred in other months
    billed: int  # in the month's periods
    tallied: int | None  # the same by the last rating; None if something must be rated again
    quarantined: Moved

    @property
    def adds_up(self) -> bool:
        """Return whether every step leads to the next, and the reported actions exist."""
        actions = self.actions
        return (
            actions.adds_up
            and self.quarantined.adds_up
            and self.reported == actions.received
            and actions.occurred - self.elsewhere + self.from_elsewhere == self.billed
            and self.tallied in (None, self.billed)
        )


def bridge_of(month: Cycle) -> Bridge:
    """Count the bridge from the rows, each end independently; millions of rows take seconds."""
    span = month.span(ZoneInfo("UTC"))
    params = _params(month, span.start, span.end)
    received = dict(rows_of(OF_DELIVERIES, params))
    placed = {tuple(key): count for *key, count in rows_of(OF_PERIODS, params)}
    occurred = {key: count for key, count in placed.items() if key[1] == WITHIN}
    ours = {key: count for key, count in placed.items() if key[0]}
    reported = Delivery.objects.filter(received_at__gte=span.start, received_at__lt=span.end)
    return Bridge(
        actions=Moved(
            received=sum(received.values()),
            occurred_earlier=received.get(EARLIER, 0),
            occurred_later=received.get(LATER, 0),
            received_earlier=sum(count for key, count in occurred.items() if key[2] == EARLIER),
            received_later=sum(count for key, count in occurred.items() if key[2] == LATER),
            occurred=sum(occurred.values()),
        ),
        reported=reported.aggregate(n=Sum(F("actions_created") + F("actions_test")))["n"] or 0,
        elsewhere=sum(count for key, count in occurred.items() if not key[0]),
        from_elsewhere=sum(count for key, count in ours.items() if key[1] != WITHIN),
        billed=sum(ours.values()),
        tallied=_tallied(month),
        quarantined=_quarantined(str(month), span.start, span.end),
    )


def _params(month: Cycle, start: datetime, end: datetime) -> dict[str, Any]:
    zones = list(Customer.objects.values_list("time_zone", flat=True).distinct())
    days = month.first, month.next().first
    deliveries = Delivery.objects.filter(received_at__gte=start, received_at__lt=end).aggregate(Min("pk"), Max("pk"))
    return {
        "labels": list(month.labels),
        "start": start,
        "end": end,
        "zones": zones,
        "starts": [midnight(days[0], ZoneInfo(zone)) for zone in zones],
        "ends": [midnight(days[1], ZoneInfo(zone)) for zone in zones],
        "first": deliveries["pk__min"] or 0,
        "last": deliveries["pk__max"] or 0,
    }


def _tallied(month: Cycle) -> int | None:
    periods = BillingPeriod.objects.filter(label__in=month.labels)
    if UnratedMark.objects.filter(period__in=periods).exists():
        return None
    return PeriodTally.objects.filter(period__in=periods).aggregate(n=Sum("actions"))["n"] or 0


def _quarantined(month: str, start: datetime, end: datetime) -> Moved:
    """Count the waiting items; an item that counts toward several months is counted in this one if it is among them."""
    waiting = QuarantinedItem.objects.waiting()
    received = waiting.filter(received_at__gte=start, received_at__lt=end)
    elsewhere = received.exclude(months__contains=[month])
    occurred = waiting.of_month(month)
    return Moved(
        received=received.count(),
        occurred_earlier=elsewhere.filter(months__0__lt=month).count(),
        occurred_later=elsewhere.filter(months__0__gt=month).count(),
        received_earlier=occurred.filter(received_at__lt=start).count(),
        received_later=occurred.filter(received_at__gte=end).count(),
        occurred=occurred.count(),
    )
