"""What earlier periods carry over into a rating: who has paid for what lately, and what leads were charged before."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Min

from leads.models import Action, BillingPeriod
from pricing.domain.facts import micro
from pricing.rating.counters import Counters
from pricing.rating.facts import RuleFacts
from pricing.rating.once import Paid

# The charges of earlier periods under certain rules.
EARLIER = """
      FROM leads_action action
      JOIN pricing_charge charge ON charge.action_id = action.id AND charge.reason = '' AND charge.rule_id = ANY(%(rules)s)
      JOIN leads_lead lead ON lead.id = action.lead_id
     WHERE action.period_id = ANY(%(periods)s)
"""
PAID = f"""
    SELECT charge.rule_id, action.lead_id, lead.person_key, action.action_type_id, action.occurred_at, action.id
    {EARLIER} AND action.occurred_at > %(since)s ORDER BY action.occurred_at, action.id
"""
CHARGED_TO_LEADS = f"SELECT charge.rule_id, action.lead_id, sum(charge.amount) {EARLIER} GROUP BY 1, 2"


def carried_over(
    period: BillingPeriod, rules: list[RuleFacts], *, with_own: bool = False, without: Collection[int] = ()
) -> Counters:
    """Counters as they stand when the period begins: tiers and limits of a period begin anew, these two do not.

    `with_own`: as they stand after what is charged in the period itself. `without`: as if these periods had no charges.
    """
    counters = Counters()
    earlier = BillingPeriod.objects.filter(customer=period.customer, start_at__lt=period.start_at).exclude(
        pk__in=without
    )
    periods = [*earlier.values_list("pk", flat=True), *([period.pk] if with_own else [])]
    if periods:
        _carry_paid(counters, period, periods, {rule.id: rule for rule in rules if rule.once})
        _carry_charged(counters, periods, {rule.id: rule for rule in rules if rule.cap_per_lead is not None})
    return counters


def carries(rules: list[RuleFacts]) -> bool:
    """Whether later periods depend on what is charged in this one."""
    return any(rule.once or rule.cap_per_lead is not None for rule in rules)


def _carry_paid(counters: Counters, period: BillingPeriod, periods: list[int], rules: dict[Any, RuleFacts]) -> None:
    first = Action.objects.of(period).aggregate(first=Min("occurred_at"))["first"]
    if not rules or first is None:
        return
    longest = max(rule.once.within for rule in rules.values() if rule.once)
    since = first - max(longest, timedelta())
    for rule_id, lead, person, kind, at, action in _rows(PAID, periods, rules, since=since):
        rule = rules[rule_id]
        by_person = bool(rule.once and rule.once.per_person and person)
        counters.paid[rule.lineage, by_person, person if by_person else lead, kind].append(Paid(at, action))


def _carry_charged(counters: Counters, periods: list[int], rules: dict[Any, RuleFacts]) -> None:
    if not rules:
        return
    for rule_id, lead, amount in _rows(CHARGED_TO_LEADS, periods, rules):
        counters.by_lead[rules[rule_id].lineage, lead] += micro(amount)


def _rows(sql: str, periods: list[int], rules: dict[Any, RuleFacts], **more: object) -> list[tuple[Any, ...]]:
    facts: dict[str, Any] = {"periods": periods, "rules": list(rules), **more}
    with connection.cursor() as cursor:
        cursor.execute(sql, facts)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
