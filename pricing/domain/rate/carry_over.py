"""What other periods carry over into a rating: who has paid for what, and what leads were charged.

These are the earlier periods, and later ones that are closed: their charges stand, even if an earlier month is reopened
or closed after them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import connection

from leads.domain.periods import mark_unrated
from leads.models import BillingPeriod
from pricing.domain.rate.book.books import books_of
from pricing.domain.rate.inputs import maybe_micro, micro
from pricing.models import PeriodTerms
from pricing.rating.counters import Counters
from pricing.rating.limits import Asked, asked_by
from pricing.rating.once import Paid, keys_of, pays
from pricing.rating.values import RuleFacts

Pair = tuple[int, int]  # a period, and another one whose charges count in it

# A late action may have occurred long before its period began: look back from the first action. Of the zero charges,
# only those that no cap has trimmed can pay for others: `pays` decides.
PAID = """
    SELECT asked.period_id, charge.rule_id, action.lead_id, lead.person_key, action.action_type_id,
           (extract(epoch FROM action.occurred_at) * 1000000)::bigint, action.id,
           action.quantity, action.value, charge.amount, charge.full_amount
      FROM (SELECT period_id, other_id, (SELECT min(occurred_at) FROM leads_action WHERE period_id = pair.period_id)
                   - %(longest)s * interval '1 microsecond' AS since
              FROM unnest(%(periods)s::bigint[], %(others)s::bigint[]) AS pair (period_id, other_id)) asked
      JOIN leads_action action ON action.period_id = asked.other_id AND action.occurred_at > asked.since
      JOIN pricing_charge charge ON charge.action_id = action.id AND charge.reason = '' AND charge.rule_id = ANY(%(rules)s)
           AND (charge.amount > 0 OR charge.full_amount = 0)
      JOIN leads_lead lead ON lead.id = action.lead_id
     ORDER BY action.occurred_at, action.id
"""
CHARGED_TO_LEADS = """
    SELECT asked.period_id, charge.rule_id, action.lead_id, sum(charge.amount)
      FROM unnest(%(periods)s::bigint[], %(others)s::bigint[]) AS asked (period_id, other_id)
      JOIN leads_action action ON action.period_id = asked.other_id
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
    """Each period's counters at its start: tiers and limits start at zero, these two do not.

    `rules` are each customer's rules. Periods in `with_own` include their own charges; periods in `without` are treated
    as having no charges.
    """
    counters = {period.pk: Counters() for period in periods}
    carrying = [period for period in periods if carries(rules[period.customer_id])]
    pairs = [*_others(carrying, without), *((period.pk, period.pk) for period in carrying if period.pk in with_own)]
    if pairs:
        known = {rule.id: rule for period in carrying for rule in rules[period.customer_id]}
        asked = asked_by(known.values())
        asking = {pk: rule for pk, rule in known.items() if rule.lineage in asked}
        once = {pk: rule for pk, rule in asking.items() if asked[rule.lineage].once}
        per_lead = {pk: rule for pk, rule in asking.items() if asked[rule.lineage].per_lead}
        _carry_paid(counters, pairs, once, asked)
        _carry_charged(counters, pairs, per_lead)
    return counters


def carries(rules: Iterable[RuleFacts]) -> bool:
    """Return whether other periods depend on the charges of this one."""
    return any(asked.carries for asked in asked_by(rules).values())


def closed_already(periods: Sequence[BillingPeriod]) -> dict[int, list[int]]:
    """The later periods of each period's customer that are closed now: their charges also count in this period."""
    customers, first = {period.customer_id for period in periods}, min(period.start_at for period in periods)
    closed = BillingPeriod.objects.closed().filter(customer__in=customers, start_at__gt=first)
    found = list(closed.order_by("pk").values_list("pk", "customer", "start_at"))
    return {
        period.pk: [pk for pk, customer, start in found if customer == period.customer_id and start > period.start_at]
        for period in periods
    }


def mark_earlier(periods: Sequence[BillingPeriod]) -> None:
    """The periods were closed or reopened, which changes whether their charges count in earlier open ones."""
    customers, last = {period.customer_id for period in periods}, max(period.start_at for period in periods)
    waiting = list(BillingPeriod.objects.open().filter(customer__in=customers, start_at__lt=last))
    if not waiting:
        return
    books = books_of([period.customer for period in periods])
    for period in periods:
        earlier = [one for one in waiting if one.customer_id == period.customer_id and one.start_at < period.start_at]
        if earlier and carries(books[period.customer_id].rules):
            mark_unrated(earlier, reason="later closed" if not period.is_open else "later opened")


def _others(periods: Sequence[BillingPeriod], without: Collection[int]) -> list[Pair]:
    owners = {period.customer_id for period in periods}
    found = list(BillingPeriod.objects.filter(customer__in=owners))
    # A closed period keeps counting the periods closed before it, regardless of what was closed or reopened since.
    kept = PeriodTerms.objects.filter(period__in=[period.pk for period in periods if not period.is_open])
    later = dict(kept.values_list("period", "later_closed"))
    return [
        (period.pk, other.pk)
        for period in periods
        for other in found
        if other.customer_id == period.customer_id and other.pk not in without and _counts(other, period, later)
    ]


def _counts(other: BillingPeriod, period: BillingPeriod, later: Mapping[int, list[int]]) -> bool:
    if other.start_at <= period.start_at:
        return other.start_at < period.start_at
    return not other.is_open if period.is_open else other.pk in later.get(period.pk, ())


def _carry_paid(
    counters: dict[int, Counters], pairs: list[Pair], rules: dict[Any, RuleFacts], asked: Mapping[Any, Asked]
) -> None:
    longest = max((rule.once.within for rule in rules.values() if rule.once), default=0)
    for row in _rows(PAID, pairs, rules, longest=longest):
        period, rule_id, lead, person, kind, at, action, quantity, value, amount, full = row
        rule = rules[rule_id]
        if not pays(rule.price, micro(quantity), maybe_micro(value), amount=micro(amount), full=micro(full)):
            continue
        for key in keys_of(rule.lineage, asked[rule.lineage], lead, person, kind):
            counters[period].paid[key].append(Paid(at, action))


def _carry_charged(counters: dict[int, Counters], pairs: list[Pair], rules: dict[Any, RuleFacts]) -> None:
    for period, rule_id, lead, amount in _rows(CHARGED_TO_LEADS, pairs, rules):
        counters[period].by_lead[rules[rule_id].lineage, lead] += micro(amount)


def _rows(sql: str, pairs: list[Pair], rules: dict[Any, RuleFacts], **more: object) -> list[tuple[Any, ...]]:
    if not rules:
        return []
    periods, others = map(list, zip(*pairs, strict=True))
    facts: dict[str, Any] = {"periods": periods, "others": others, "rules": list(rules), **more}
    with connection.cursor() as cursor:
        cursor.execute(sql, facts)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
