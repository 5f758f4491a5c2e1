"""The billed charges of a price rule, those of closed periods; later changes of the rule must not contradict them."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Greatest

from billing_engine.core.calendar.wall_clock import in_words, instant_of, local_time
from billing_engine.core.errors import Refused
from leads.models import BillingPeriod
from pricing.domain.scope.effective import zones_of
from pricing.models import Charge, PriceRule


class WouldRewriteHistory(Refused):
    """The rule priced closed periods, and must keep pricing them."""

    code = "would_rewrite_history"


class _Billed(NamedTuple):
    period: BillingPeriod
    free_from: datetime  # on its customer's clock


def check_not_billed(rule: PriceRule, *, since: datetime, at: datetime) -> None:
    """Refuse to end the rule, in any revision, before the end of what it priced in closed periods.

    Other customers' closed periods, and those in which it priced nothing, don't matter.
    """
    lineage = PriceRule.objects.filter(Q(pk=rule.lineage) | Q(first_revision=rule.lineage))
    revisions = list(lineage.select_related("customer", "product__customer"))
    found = list[_Billed]()
    for zone in zones_of(*revisions):
        begin = instant_of(since, zone)
        if begin >= at:
            continue
        charges = Charge.objects.filter(
            action__period=OuterRef("pk"), action__occurred_at__gte=begin, rule__in=[each.pk for each in revisions]
        )
        # Regardless of the period's end: late actions are in the earliest open period, perhaps before its start.
        latest = charges.order_by("-action__occurred_at").values("action__occurred_at")[:1]
        periods = BillingPeriod.objects.closed().filter(customer__time_zone=zone.key).annotate(latest=Subquery(latest))
        priced = periods.exclude(latest=None).annotate(until=Greatest("end_at", "latest")).order_by("-until")
        found += [_billed(pk, at_last) for pk, at_last in priced.values_list("pk", "latest")[:1]]
    if found:
        last = max(found, key=lambda each: each.free_from)
        raise WouldRewriteHistory(
            f"It priced later actions that are billed, such as those of {last.period.customer} in {last.period.label}."
            f" Start on {in_words(last.free_from)} or later."
        )


def _billed(period_id: int, latest: datetime) -> _Billed:
    """Free from the period's end, or from the day after its last action if that occurred later."""
    period = BillingPeriod.objects.select_related("customer").get(pk=period_id)
    zone = period.customer.zone
    if latest < period.end_at:
        return _Billed(period, local_time(period.end_at, zone))
    day = local_time(latest, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return _Billed(period, day + timedelta(days=1))
