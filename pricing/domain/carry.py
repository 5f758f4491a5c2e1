"""What earlier periods carry over into a rating: who has paid for what lately, and what leads were charged before."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import connection

from leads.models import BillingPeriod
from pricing.domain.facts import micro
from pricing.rating.counters import Counters
from pricing.rating.facts import RuleFacts
from pricing.rating.once import Paid

Pair = tuple[int, int]  # a period, and one whose charges it carries over

# A late action may have occurred long before its period began: looked back is from the first one.
PAID = """
    SELECT asked.period_id, charge.rule_id, action.lead_id, lead.person_key, action.action_type_id,
           (extract(epoch FROM action.occurred_at) * 1000000)::bigint, action.id
      FROM (SELECT period_id, earlier_id, (SELECT min(occurred_at) FROM leads_action WHERE period_id = pair.period_id)
                   - %(longest)s * interval '1 microsecond' AS since
              FROM unnest(%(periods)s::bigint[], %(earlier)s::bigint[]) AS pair (period_id, earlier_id)) asked
      JOIN leads_action action ON action.period_id = asked.earlier_id AND action.occurred_at > asked.since
      JOIN pricing_charge charge ON charge.action_id = action.id AND charge.reason = '' AND charge.rule_id = ANY(%(rules)s)
      JOIN leads_lead lead ON lead.id = action.lead_id
     ORDER BY action.occurred_at, action.id
"""
CHARGED_TO_LEADS = """
    SELECT asked.period_id, charge.rule_id, action.lead_id, sum(charge.amount)
      FROM unnest(%(periods)s::bigint[], %(earlier)s::bigint[]) AS asked (period_id, earlier_id)
      JOIN leads_action action ON action.period_id = asked.earlier_id
      JOIN pricing_charge charge ON charge.action_id = action.id AND charge.reason = '' AND charge.rule_id = ANY(%(rules)s)
     GROUP BY 1, 2, 3
"""


def carried_over(
    periods: Sequence[BillingPeriod],
    rules: Mapping[int, list[RuleFacts]],
    *,
    with_own: Collection[int] = (),
    without: Collection[int] = (),
) -> dict[int, Counters]:
    """Each period's counters as they stand when it begins: tiers and limits begin anew, these two do not.

    `rules` are each customer's; for the periods in `with_own`, as they stand after what is charged in the period itself;
    as if the periods in `without` had no charges.
    """
    counters = {period.pk: Counters() for period in periods}
    carrying = [period for period in periods if carries(rules[period.customer_id])]
    pairs = [*_earlier(carrying, without), *((period.pk, period.pk) for period in carrying if period.pk in with_own)]
    if pairs:
        limits = {rule.id: rule for period in carrying for rule in rules[period.customer_id]}
        _carry_paid(counters, pairs, {pk: rule for pk, rule in limits.items() if rule.once})
        _carry_charged(counters, pairs, {pk: rule for pk, rule in limits.items() if rule.cap_per_lead is not None})
    return counters


def carries(rules: Iterable[RuleFacts]) -> bool:
    """Whether later periods depend on what is charged in this one."""
    return any(rule.once or rule.cap_per_lead is not None for rule in rules)


def _earlier(periods: Sequence[BillingPeriod], without: Collection[int]) -> list[Pair]:
    owners = {period.customer_id for period in periods}
    starts = BillingPeriod.objects.filter(customer__in=owners).values_list("customer", "start_at", "pk")
    return [
        (period.pk, pk)
        for period in periods
        for customer, start, pk in starts
        if customer == period.customer_id and start < period.start_at and pk not in without
    ]


def _carry_paid(counters: dict[int, Counters], pairs: list[Pair], rules: dict[Any, RuleFacts]) -> None:
    longest = max((rule.once.within for rule in rules.values() if rule.once), default=0)
    for period, rule_id, lead, person, kind, at, action in _rows(PAID, pairs, rules, longest=longest):
        rule = rules[rule_id]
        by_person = bool(rule.once and rule.once.per_person and person)
        counters[period].paid[rule.lineage, by_person, person if by_person else lead, kind].append(Paid(at, action))


def _carry_charged(counters: dict[int, Counters], pairs: list[Pair], rules: dict[Any, RuleFacts]) -> None:
    for period, rule_id, lead, amount in _rows(CHARGED_TO_LEADS, pairs, rules):
        counters[period].by_lead[rules[rule_id].lineage, lead] += micro(amount)


def _rows(sql: str, pairs: list[Pair], rules: dict[Any, RuleFacts], **more: object) -> list[tuple[Any, ...]]:
    if not rules:
        return []
    periods, earlier = map(list, zip(*pairs, strict=True))
    facts: dict[str, Any] = {"periods": periods, "earlier": earlier, "rules": list(rules), **more}
    with connection.cursor() as cursor:
        cursor.execute(sql, facts)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
