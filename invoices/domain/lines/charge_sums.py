"""The charges of periods, summed per invoice line and per part of their prices, in one query for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from billing_engine.core import money
from leads.models import BillingPeriod
from pricing.models import Charge
from pricing.rating.prices import Price

# For late activity: the first day of the customer's period in which it occurred, or of the month if it occurred before
# the customer was billed. `wording` turns that day into a name.
LATE_FROM = """
    CASE WHEN action.occurred_at >= period.start_at AND action.occurred_at < period.end_at THEN ''
         ELSE to_char(COALESCE(
             (SELECT own.start_at FROM leads_billingperiod own WHERE own.customer_id = period.customer_id
                 AND own.start_at <= action.occurred_at AND own.end_at > action.occurred_at) AT TIME ZONE %(zone)s,
             date_trunc('month', action.occurred_at AT TIME ZONE %(zone)s)), 'YYYY-MM-DD') END
"""
# One query for everything on the invoices. Charges of a line that lie between the same two borders of their price are
# summed; those that cross a border, stand at one, or have a price without borders come one by one, with their action.
SUMMED = """
    WITH price AS MATERIALIZED (
        SELECT rule_id, of_value, borders::numeric[] AS borders
          FROM unnest(%(rules)s::bigint[], %(of_value)s::boolean[], %(borders)s::text[]) AS of (rule_id, of_value, borders)
    ), charged AS (
        SELECT action.period_id, charge.reason, action.action_type_id, action.occurred_at, action.id,
               CASE WHEN charge.reason = '' THEN lead.product_id END AS product_id,
               CASE WHEN charge.reason = '' THEN charge.rule_id END AS rule_id,
               CASE WHEN charge.reason = '' THEN {late_from} END AS late_from,
               (octet_length(lead.external_id) > char_length(lead.external_id)
                   OR octet_length(action.external_id) > char_length(action.external_id)) AS is_beyond_ascii,
               action.quantity, action.value, charge.quantity_before, charge.value_before,
               charge.amount, charge.full_amount, charge.cut_per_lead, charge.cut_per_period, charge.cut_by_budget,
               price.rule_id IS NOT NULL AS has_parts, price.borders,
               CASE WHEN price.of_value THEN COALESCE(charge.value_before, 0) ELSE charge.quantity_before END AS before,
               CASE WHEN price.of_value THEN COALESCE(action.value, 0) ELSE action.quantity END AS counted
          FROM leads_action action
          JOIN pricing_charge charge ON charge.action_id = action.id
          JOIN leads_lead lead ON lead.id = action.lead_id
          JOIN leads_billingperiod period ON period.id = action.period_id
          JOIN leads_customer customer ON customer.id = period.customer_id
          LEFT JOIN price ON price.rule_id = charge.rule_id AND charge.reason = ''
         WHERE action.period_id = ANY(%(periods)s)
    ), placed AS (
        SELECT *, width_bucket(before, borders) AS place FROM charged
        OFFSET 0 -- so that the place of a charge is looked up once
    ), sorted AS (
        SELECT *, CASE WHEN has_parts AND (borders IS NULL OR counted > 0 AND (
                           before = borders[place] OR COALESCE(before + counted > borders[place + 1], FALSE)))
                       THEN id END AS alone
          FROM placed
    )
    SELECT period_id, reason, product_id, action_type_id, rule_id, late_from, alone,
           CASE WHEN alone IS NOT NULL THEN min(occurred_at) END, count(*), sum(quantity), sum(amount), sum(full_amount),
           sum(cut_per_lead), sum(cut_per_period), sum(cut_by_budget),
           CASE WHEN alone IS NOT NULL THEN min(quantity_before) END,
           CASE WHEN alone IS NOT NULL THEN min(value_before) END,
           CASE WHEN alone IS NOT NULL THEN min(value) END,
           min(before) FILTER (WHERE counted > 0), count(*) FILTER (WHERE counted > 0), sum(counted), bool_or(is_beyond_ascii)
      FROM sorted
     GROUP BY period_id, reason, product_id, action_type_id, rule_id, late_from, alone, place
""".replace("{late_from}", LATE_FROM.replace("%(zone)s", "customer.time_zone"))


class LineKey(NamedTuple):
    """What the charges of one line have in common."""

    product: int
    action_type: int
    rule: int
    late_from: str


class Sums(NamedTuple):
    """The sums of one line's charges, before and after caps."""

    actions: int
    quantity: Decimal
    amount: Decimal
    full_amount: Decimal

    def plus(self, other: "Sums") -> "Sums":
        return Sums(
            self.actions + other.actions,
            self.quantity + other.quantity,
            self.amount + other.amount,
            self.full_amount + other.full_amount,
        )


class NotCharged(NamedTuple):
    """What the excluded actions of one line have in common."""

    action_type: int
    reason: str


class Excluded(NamedTuple):
    """The number and quantity of excluded actions."""

    actions: int
    quantity: Decimal


class SingleCharge(NamedTuple):
    """A charge that is split by itself: what determines which parts of its price it falls into."""

    line: LineKey
    occurred_at: datetime
    action: int
    quantity_before: Decimal
    value_before: Decimal | None
    quantity: Decimal
    value: Decimal | None


class Stretch(NamedTuple):
    """The charges of a line between the same two borders of its price; `before` is None if they count nothing."""

    line: LineKey
    before: Decimal | None
    actions: int
    counted: Decimal
    full_amount: Decimal


@dataclass(slots=True)
class ChargeSums:
    """All charges of a period, summed per line, and what their prices' parts are made from."""

    charged: dict[LineKey, Sums] = field(default_factory=dict)
    trimmed: dict[tuple[LineKey, Charge.Cap], Decimal] = field(default_factory=dict)
    not_charged: dict[NotCharged, Excluded] = field(default_factory=dict)
    stretches: list[Stretch] = field(default_factory=list)
    single: list[SingleCharge] = field(default_factory=list)
    is_ascii: bool = True  # the ids of all charged leads and actions

    def charge(self, line: LineKey, sums: Sums, cuts: Sequence[Decimal | None]) -> None:
        """Add charges to a line, and what each cap cut."""
        known = self.charged.get(line)
        self.charged[line] = known.plus(sums) if known else sums
        for cap, cut in zip(Charge.Cap, cuts, strict=True):
            if cut is not None:
                self.trimmed[line, cap] = self.trimmed.get((line, cap), money.ZERO) + cut

    def cuts(self, line: LineKey) -> dict[str, Decimal]:
        """Return what each cap cut from a line, in the order of the caps."""
        return {cap.value: self.trimmed[line, cap] for cap in Charge.Cap if (line, cap) in self.trimmed}


def sum_charges(periods: Sequence[BillingPeriod], prices: Mapping[int, Price | None]) -> dict[int, ChargeSums]:
    """Sum the charges of each period per line, the amounts cut by caps, and the excluded actions by type and reason.

    `prices` are the prices that have parts, by rule; None if each charge of the rule is split by itself.
    """
    found = {period.pk: ChargeSums() for period in periods}
    with connection.cursor() as cursor:
        cursor.execute(SUMMED, {"periods": list(found), **_borders(prices)})
        for period, reason, product, action_type, rule, late_from, alone, at, *sums in cursor.fetchall():
            of = found[period]
            if reason:
                of.not_charged[NotCharged(action_type, reason)] = Excluded(sums[0], sums[1])
                continue
            line = LineKey(product, action_type, rule, late_from)
            of.charge(line, Sums._make(sums[:4]), sums[4:7])
            of.is_ascii = of.is_ascii and not sums[13]
            if alone is not None:
                of.single.append(SingleCharge(line, at, alone, sums[7], sums[8], sums[1], sums[9]))
            elif rule in prices:
                of.stretches.append(Stretch(line, sums[10], sums[11], sums[12], sums[3]))
    return found


def _borders(prices: Mapping[int, Price | None]) -> dict[str, list[object]]:
    borders = [price.borders if price else None for price in prices.values()]
    return {
        "rules": list(prices),
        "of_value": [price is not None and price.is_of_value for price in prices.values()],
        "borders": [
            None if each is None else "{" + ",".join(f"{border}e-6" for border in each) + "}" for each in borders
        ],
    }
