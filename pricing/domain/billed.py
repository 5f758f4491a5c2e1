"""What of a price rule is billed: the charges of closed periods, which a later change of the rule never contradicts."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from billing_engine.core.errors import Refused
from billing_engine.core.wall_clock import in_words, instant_of, shown
from leads.models import BillingPeriod
from pricing.domain.in_force import zones_of
from pricing.models import Charge, PriceRule


class WouldRewriteHistory(Refused):
    """A rule that priced closed periods keeps pricing them."""

    code = "would_rewrite_history"


def check_not_billed(rule: PriceRule, *, since: datetime, at: datetime) -> None:
    """Refuse to end the rule at a wall-clock time after which it, in any of its revisions, priced what is billed.

    Other customers' closed periods, and those in which it priced nothing, are no hindrance.
    """
    lineage = PriceRule.objects.filter(Q(pk=rule.lineage) | Q(first_revision=rule.lineage))
    revisions = list(lineage.select_related("customer", "product__customer"))
    found = list[BillingPeriod]()
    for zone in zones_of(*revisions):
        begin = instant_of(since, zone)
        if begin >= at:
            continue
        charges = Charge.objects.filter(
            action__period=OuterRef("pk"), action__occurred_at__gte=begin, rule__in=[each.pk for each in revisions]
        )
        periods = BillingPeriod.objects.closed().filter(customer__time_zone=zone.key, end_at__gt=begin)
        last = periods.filter(Exists(charges)).select_related("customer").order_by("-end_at").first()
        found += [last] if last else []
    if found:
        last = max(found, key=_end_of)
        raise WouldRewriteHistory(
            f"It priced actions after this that are billed: those of {last.customer} in {last.label}, for one."
            f" Begin on {in_words(_end_of(last))} or later."
        )


def _end_of(period: BillingPeriod) -> datetime:
    return shown(period.end_at, period.customer.zone)
