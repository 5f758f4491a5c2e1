"""Compose the lines of an invoice: charges by product, action type, rule and late month, then what was not charged and why."""

from collections import Counter
from decimal import Decimal

from billing_engine.core import money
from invoices.domain.lines.charge_sums import ChargeSums, sum_charges
from invoices.domain.lines.minimum import minimum_of
from invoices.domain.lines.tiers import tier_rows
from invoices.models import InvoiceLine
from leads.models import ActionType, BillingPeriod, Product
from pricing.models import Charge, PriceRule


def lines_of(period: BillingPeriod) -> list[InvoiceLine]:
    """Return the unsaved lines of the period's invoice, in order."""
    currency = period.customer.currency
    found = sum_charges(period)
    priced = _charged_lines(period, found, currency)
    minimum = _minimum_line(period, sum((line.amount for line in priced), money.ZERO), currency)
    return [*priced, *minimum, *_not_charged_lines(found)]


def _charged_lines(period: BillingPeriod, found: ChargeSums, currency: str) -> list[InvoiceLine]:
    rows = found.charged
    products = Product.objects.in_bulk({key.product for key in rows})
    types = ActionType.objects.prefetch_related("revisions").in_bulk({key.action_type for key in rows})
    first_day = period.start_at.astimezone(period.customer.zone).date()
    rules = {
        rule.pk: rule for rule in PriceRule.objects.filter(pk__in={key.rule for key in rows}).prefetch_related("tiers")
    }
    details = tier_rows(period, found, rules)
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
            unit=types[key.action_type].facts_on(first_day).unit,
            product=products[key.product],
            action_type=types[key.action_type],
            rule=rules[key.rule],
            late_from=key.late_from,
            actions=rows[key].actions,
            quantity=rows[key].quantity,
            exact_amount=rows[key].amount,
            amount=money.rounded(rows[key].amount, currency),
            cut_by_budget=found.trimmed.get(key, {}).get(Charge.Cap.BUDGET, money.ZERO),
            detail=details.get(key, []),
        )
        for key in order
    ]


def _minimum_line(period: BillingPeriod, priced: Decimal, currency: str) -> list[InvoiceLine]:
    """Return the line for the difference to the monthly minimum, prorated if the contract covers only part of the period."""
    minimum = period.customer_terms.monthly_minimum
    if not minimum:
        return []
    least, part = minimum_of(period)
    missing = least - priced
    if missing <= 0:
        return []
    return [
        InvoiceLine(
            kind=InvoiceLine.Kind.MINIMUM,
            description=f"Difference to the monthly minimum of {money.in_words(minimum, currency)}{part}",
            quantity=1,
            exact_amount=missing,
            amount=missing,
        )
    ]


def _not_charged_lines(found: ChargeSums) -> list[InvoiceLine]:
    types = ActionType.objects.in_bulk({row.action_type for row in found.not_charged})
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
        for (action_type, reason), (count, quantity) in found.not_charged.items()
    ]
    return sorted(lines, key=lambda line: line.description)
