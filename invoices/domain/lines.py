"""What stands on an invoice: charges by product, action type, rule and lateness; then what was not charged, and why."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from billing_engine.core import money
from invoices.models import InvoiceLine
from leads.models import ActionType, BillingPeriod, Product
from pricing.domain.charges import in_units
from pricing.domain.facts import micro, price_facts
from pricing.domain.words import number, tier_name
from pricing.models import Charge, PriceRule
from pricing.rating.facts import Graduated, Tier
from pricing.rating.tiers import parts, tier_of, times

LATE_FROM = """
    CASE WHEN action.occurred_at >= period.start_at AND action.occurred_at < period.end_at THEN ''
         ELSE to_char(action.occurred_at AT TIME ZONE %(zone)s, 'YYYY-MM') END
"""
OF_THE_PERIOD = """
      FROM leads_action action
      JOIN pricing_charge charge ON charge.action_id = action.id
      JOIN leads_lead lead ON lead.id = action.lead_id
      JOIN leads_billingperiod period ON period.id = action.period_id
     WHERE action.period_id = %(period)s
"""
CHARGED = f"""
    SELECT lead.product_id, action.action_type_id, charge.rule_id, {LATE_FROM} AS late_from,
           count(*), sum(action.quantity), sum(charge.amount)
    {OF_THE_PERIOD} AND charge.reason = ''
     GROUP BY 1, 2, 3, 4
"""
NOT_CHARGED = f"""
    SELECT action.action_type_id, charge.reason, count(*), sum(action.quantity)
    {OF_THE_PERIOD} AND charge.reason <> ''
     GROUP BY 1, 2
"""
BY_TIER = f"""
    SELECT lead.product_id, action.action_type_id, charge.rule_id, {LATE_FROM} AS late_from,
           charge.quantity_before, action.quantity, charge.full_amount - charge.amount
    {OF_THE_PERIOD} AND charge.reason = '' AND charge.rule_id = ANY(%(rules)s)
"""


class LineKey(NamedTuple):
    """What charges of one line have in common."""

    product: int
    action_type: int
    rule: int
    late_from: str


@dataclass(slots=True)
class TierSums:
    """Quantity and amount per tier of one line, in micro-units, and what a cap took off."""

    quantity: dict[int, int]
    amount: dict[int, int]
    trimmed: Decimal = money.ZERO


def lines_of(period: BillingPeriod) -> list[InvoiceLine]:
    """The lines of the period's invoice, in the order they stand on it, not yet stored."""
    currency = period.customer.currency
    charged = _charged_lines(period, currency)
    minimum = _minimum_line(period, sum((line.amount for line in charged), money.ZERO), currency)
    lines = [*charged, *minimum, *_not_charged_lines(period)]
    for position, line in enumerate(lines, start=1):
        line.position = position
    return lines


def _charged_lines(period: BillingPeriod, currency: str) -> list[InvoiceLine]:
    rows = {LineKey._make(row[:4]): row[4:] for row in _rows(CHARGED, period)}
    products = Product.objects.in_bulk({key.product for key in rows})
    types = ActionType.objects.in_bulk({key.action_type for key in rows})
    rules = {
        rule.pk: rule for rule in PriceRule.objects.filter(pk__in={key.rule for key in rows}).prefetch_related("tiers")
    }
    details = _tier_details(period, rules, currency)
    alike = Counter(key._replace(rule=0) for key in rows)  # lines that only their rules tell apart
    order = sorted(
        rows,
        key=lambda key: (
            key.late_from != "",
            key.late_from,
            products[key.product].name,
            types[key.action_type].name,
            key,
        ),
    )
    return [
        InvoiceLine(
            kind=InvoiceLine.Kind.CHARGES,
            description=f"{products[key.product].name} · {types[key.action_type].name}"
            + (f" · {rules[key.rule].name}" if alike[key._replace(rule=0)] > 1 else ""),
            unit=types[key.action_type].unit,
            product=products[key.product],
            action_type=types[key.action_type],
            rule=rules[key.rule],
            late_from=key.late_from,
            actions=rows[key][0],
            quantity=rows[key][1],
            exact_amount=rows[key][2],
            amount=money.rounded(rows[key][2], currency),
            detail=details.get(key, []),
        )
        for key in order
    ]


def _tier_details(
    period: BillingPeriod, rules: dict[int, PriceRule], currency: str
) -> dict[LineKey, list[dict[str, str]]]:
    prices = {pk: price for pk, rule in rules.items() if isinstance(price := price_facts(rule), Graduated)}
    if not prices:
        return {}
    sums: dict[LineKey, TierSums] = defaultdict(lambda: TierSums(defaultdict(int), defaultdict(int)))
    for *key, before, quantity, trimmed in _rows(BY_TIER, period, rules=list(prices)):
        line = sums[LineKey._make(key)]
        line.trimmed += trimmed
        for part in parts(prices[key[2]], micro(before), micro(quantity)):
            line.quantity[part.tier] += part.quantity
            line.amount[part.tier] += part.amount
    return {key: _detail(prices[key.rule], line, currency) for key, line in sums.items()}


def _detail(price: Graduated, line: TierSums, currency: str) -> list[dict[str, str]]:
    """A row per tier; rounded so that the rows add up to the line to the cent."""
    tiers = sorted(line.quantity)
    exact = [in_units(line.amount[tier]) for tier in tiers] + ([-line.trimmed] if line.trimmed else [])
    amounts = [money.in_words(amount, currency) for amount in money.spread(exact, currency)]
    rows = []
    for place, number_of_tier in enumerate(tiers):
        tier, start = tier_of(price, number_of_tier)
        rows.append(
            {
                "tier": tier_name(in_units(start), None if tier.up_to is None else in_units(tier.up_to)),
                "quantity": number(in_units(line.quantity[number_of_tier])),
                "unit_price": _tier_price(tier, line, number_of_tier, currency),
                "amount": amounts[place],
            }
        )
    if line.trimmed:
        rows.append({"tier": "above the monthly budget", "quantity": "", "unit_price": "", "amount": amounts[-1]})
    return rows


def _tier_price(tier: Tier, line: TierSums, place: int, currency: str) -> str:
    """`$0.30`, or `$0.30 + $5.00` where this line's units were the ones that entered the tier."""
    price = money.price_in_words(in_units(tier.unit_price), currency)
    entered = bool(tier.flat_fee) and line.amount[place] >= times(line.quantity[place], tier.unit_price) + tier.flat_fee
    return f"{price} + {money.price_in_words(in_units(tier.flat_fee), currency)}" if entered else price


def _minimum_line(period: BillingPeriod, charged: Decimal, currency: str) -> list[InvoiceLine]:
    """What is missing to the customer's monthly minimum, by days where its contract begins or ends inside the period."""
    minimum = period.customer.monthly_minimum
    if not minimum:
        return []
    days, of_days = _contract_days(period)
    missing = money.rounded(minimum * days / of_days, currency) - charged
    if missing <= 0:
        return []
    part = "" if days == of_days else f", {days} of {of_days} days"
    return [
        InvoiceLine(
            kind=InvoiceLine.Kind.MINIMUM,
            description=f"Difference to the monthly minimum of {money.in_words(minimum, currency)}{part}",
            quantity=1,
            exact_amount=missing,
            amount=missing,
        )
    ]


def _contract_days(period: BillingPeriod) -> tuple[int, int]:
    customer, zone = period.customer, period.customer.zone
    first, after = period.start_at.astimezone(zone).date(), period.end_at.astimezone(zone).date()
    begins = max(first, customer.contract_from or first)
    ends = min(after, customer.contract_to + timedelta(days=1) if customer.contract_to else after)
    return max(0, _days(begins, ends)), _days(first, after)


def _days(first: date, after: date) -> int:
    return (after - first).days


def _not_charged_lines(period: BillingPeriod) -> list[InvoiceLine]:
    rows = list(_rows(NOT_CHARGED, period))
    types = ActionType.objects.in_bulk({row[0] for row in rows})
    lines = [
        InvoiceLine(
            kind=InvoiceLine.Kind.NOT_CHARGED,
            description=f"{types[action_type].name}: {Charge.Reason(reason).label.lower()}",
            action_type=types[action_type],
            reason=reason,
            actions=count,
            quantity=quantity,
            amount=money.ZERO,
        )
        for action_type, reason, count, quantity in rows
    ]
    return sorted(lines, key=lambda line: line.description)


def _rows(sql: str, period: BillingPeriod, **more: list[int]) -> Iterator[tuple[Any, ...]]:
    """Rows of a query over one period; streamed through a server-side cursor, as there may be one per action."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, {"period": period.pk, "zone": period.customer.time_zone, **more})
        while rows := cursor.fetchmany(5_000):
            yield from rows
