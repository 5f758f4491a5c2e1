"""The conventional way with Django: a query for the rule per action, a model instance per charge, `bulk_create`.

It is let off lightly: the price is quantity × unit price, without tiers, caps or anything that has to be counted.
"""

import time
from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q

from billing_engine.core.calendar.wall_clock import local_time
from leads.models import Action
from pricing.models import Charge, PriceRule

MOST_SPECIFIC = ("customer", "product", "source", "action_type")


def rate_as_usual(periods: Iterable[int], limit: int) -> tuple[int, float]:
    """Rate up to `limit` actions of these periods; return their number, and the seconds."""
    actions = Action.objects.filter(period__in=periods).select_related("lead__product__customer", "lead__source")
    actions = actions.prefetch_related("lead__product__revisions", "lead__source__revisions")
    started = time.perf_counter()
    with transaction.atomic():
        charges = [_charge(action) for action in actions.in_rating_order()[:limit]]
        Charge.objects.bulk_create(charges, batch_size=1_000)
    return len(charges), time.perf_counter() - started


def _charge(action: Action) -> Charge:
    charge = Charge(action=action, period_id=action.period_id, amount=0, full_amount=0, quantity_before=0)
    if action.voided_at or action.lead.is_test:
        charge.reason = "voided" if action.voided_at else "test_lead"
        return charge
    rule = _rule(action)
    if rule is None:
        charge.reason = "waived"  # an unrated one; here it only has to cost the same as a charge
        return charge
    charge.rule = rule
    charge.amount = charge.full_amount = action.quantity * (rule.unit_price or Decimal(1))
    return charge


def _rule(action: Action) -> PriceRule | None:
    product, source = action.lead.product, action.lead.source
    [of_product], [of_source] = product.revisions.all(), source.revisions.all()
    clock = local_time(action.occurred_at, product.customer.zone)
    return (
        PriceRule.objects.in_force()
        .open_to(product.customer)
        .filter(
            Q(product=None) | Q(product=product),
            Q(category="") | Q(category=of_product.category),
            Q(source=None) | Q(source=source),
            Q(channel="") | Q(channel=of_source.channel),
            Q(action_type=None) | Q(action_type=action.action_type_id),
            Q(wall_to=None) | Q(wall_to__gt=clock),
            wall_from__lte=clock,
        )
        .order_by("-priority", *(F(one).asc(nulls_last=True) for one in MOST_SPECIFIC))
        .first()
    )
