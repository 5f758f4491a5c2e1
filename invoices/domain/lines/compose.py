"""Compose the lines of invoices: charges by product, action type, rule and late month, then what was not charged and why."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing_engine.core import money
from invoices.domain.lines.charge_sums import ChargeSums, LineKey, sum_charges
from invoices.domain.lines.minimum import minimum_of
from invoices.domain.lines.telling_apart import told_apart
from invoices.domain.lines.tiers import prices_with_parts, tier_rows
from invoices.models import InvoiceLine
from leads.models import ActionType, BillingPeriod, Channel, Product
from pricing.models import Charge, PriceRule
from pricing.rating.values import RuleFacts


@dataclass(frozen=True, slots=True)
class Named:
    """What the lines of several invoices name, read once for all of them."""

    products: Mapping[int, str]
    types: Mapping[int, ActionType]
    sources: Mapping[int, str]  # of the rules: the source or channel that a rule is for, if any


@dataclass(frozen=True, slots=True)
class Composed:
    """The unsaved lines of an invoice, in order, and whether the ids of all charged leads and actions are ASCII."""

    lines: list[InvoiceLine]
    is_ascii: bool = True


def compose(periods: Sequence[BillingPeriod], rules: Mapping[int, RuleFacts]) -> dict[int, Composed]:
    """Compose the invoice of each period; `rules` are those that may have charged."""
    found = sum_charges(periods, prices_with_parts(rules))
    named = _named(found.values())
    composed = {}
    for period in periods:
        with money.read_in(period.customer_terms.locale):  # for the text below the lines
            priced = _charged_lines(period, found[period.pk], rules, named)
            minimum = _minimum_line(period, sum((line.amount for line in priced), money.ZERO))
            lines = [*priced, *minimum, *_not_charged_lines(found[period.pk], named)]
            composed[period.pk] = Composed(lines, found[period.pk].is_ascii)
    return composed


def _named(found: Collection[ChargeSums]) -> Named:
    keys = {key for of in found for key in of.charged}
    excluded = {row.action_type for of in found for row in of.not_charged}
    types = ActionType.objects.prefetch_related("revisions")
    return Named(
        products=dict(_names(Product, {key.product for key in keys})),
        types=types.in_bulk(excluded | {key.action_type for key in keys}),
        sources=dict(_sources({key.rule for key in keys})),
    )


def _names(of: type[Product], ids: Collection[int]) -> Iterable[tuple[int, str]]:
    return of._meta.base_manager.filter(pk__in=ids).values_list("pk", "name")


def _sources(rules: Collection[int]) -> Iterator[tuple[int, str]]:
    for pk, source, channel in PriceRule.objects.filter(pk__in=rules).values_list("pk", "source__name", "channel"):
        yield pk, source or (Channel(channel).label if channel else "")


def _charged_lines(
    period: BillingPeriod, found: ChargeSums, rules: Mapping[int, RuleFacts], named: Named
) -> list[InvoiceLine]:
    currency = period.customer.currency
    details = tier_rows(found, rules, currency)
    first_day = period.first_day
    units = {kind: named.types[kind].facts_on(first_day).unit for kind in {key.action_type for key in found.charged}}
    apart = told_apart(list(found.charged), period, rules=rules, units=units, sources=named.sources)

    def place(key: LineKey) -> tuple[object, ...]:
        names = named.products[key.product], named.types[key.action_type].name
        return (key.late_from != "", key.late_from, *names, key)

    return [
        InvoiceLine(
            kind=InvoiceLine.Kind.CHARGES,
            description=f"{named.products[key.product]} · {named.types[key.action_type].name}"
            + (f" · {apart[key]}" if key in apart else ""),
            unit=units[key.action_type],
            product_id=key.product,
            action_type_id=key.action_type,
            rule_id=key.rule,
            late_from=key.late_from,
            actions=found.charged[key].actions,
            quantity=found.charged[key].quantity,
            exact_amount=found.charged[key].amount,
            amount=money.rounded(found.charged[key].amount, currency),
            cut_by_budget=found.trimmed.get((key, Charge.Cap.BUDGET), money.ZERO),
            detail=details.get(key, []),
        )
        for key in sorted(found.charged, key=place)
    ]


def _minimum_line(period: BillingPeriod, priced: Decimal) -> list[InvoiceLine]:
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
            description=f"Difference to the monthly minimum of"
            f" {money.in_words(minimum, period.customer.currency)}{part}",
            quantity=1,
            exact_amount=missing,
            amount=missing,
        )
    ]


def _not_charged_lines(found: ChargeSums, named: Named) -> list[InvoiceLine]:
    lines = [
        InvoiceLine(
            kind=InvoiceLine.Kind.NOT_CHARGED,
            description=f"{named.types[action_type].name}: {Charge.Reason(reason).label.lower()}",
            action_type_id=action_type,
            reason=reason,
            actions=count,
            quantity=quantity,
            amount=money.ZERO,
        )
        for (action_type, reason), (count, quantity) in found.not_charged.items()
    ]
    return sorted(lines, key=lambda line: line.description)
