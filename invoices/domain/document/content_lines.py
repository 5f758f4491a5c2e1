"""The lines of an invoice as formatted text: charges with their tiers, and what was not charged and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from billing_engine.core import money
from invoices.domain.wording import clean, late_in_words, quantity_in_words
from invoices.models import InvoiceLine
from pricing.domain.rate.inputs import model_of, price_facts
from pricing.models import PriceRule
from pricing.wording.caps import above
from pricing.wording.decision import reason_in_words
from pricing.wording.numbers import to_decimal
from pricing.wording.row import in_words

INCLUDED = "Included in your prices"


@dataclass(frozen=True, slots=True)
class TierPart:
    """The part of a line's quantity that fell into one tier of its price."""

    tier: str
    quantity: str
    unit_price: str
    amount: str


@dataclass(frozen=True, slots=True)
class ChargedLine:
    """A line with an amount."""

    position: int
    description: str
    notes: tuple[str, ...]
    quantity: str
    unit: str
    unit_price: str
    amount: str
    tiers: tuple[TierPart, ...]


@dataclass(frozen=True, slots=True)
class UnchargedLine:
    """A line of actions that were not charged, with the reason."""

    position: int
    description: str
    reason: str
    notes: tuple[str, ...]
    actions: str


def charged_line(line: InvoiceLine, currency: str, *, counted_over: str = "") -> ChargedLine:
    """Format a line of charges, or the monthly minimum, which has no quantity; `counted_over` comes from `counted_together`."""
    counted = line.kind == InvoiceLine.Kind.CHARGES
    unit_price = _unit_price(line.rule) if counted and line.rule else None
    tiers = _tiers(line, currency) if unit_price is None else ()
    return ChargedLine(
        position=line.position,
        description=clean(line.description),
        notes=late_note(line)
        + ((INCLUDED,) if is_included(line) else ())
        + _trimmed(line, unit_price, currency)
        + ((counted_over,) if tiers and counted_over else ()),
        quantity=quantity_in_words(line.quantity) if counted else "",
        unit=clean(line.unit) if counted else "",
        unit_price="" if unit_price is None else money.price_in_words(unit_price, currency),
        amount=money.in_words(line.amount, currency),
        tiers=tiers,
    )


def counted_together(lines: Iterable[InvoiceLine]) -> dict[int, str]:
    """Return notes by position for lines whose rule counts its tiers across several of them."""
    by_rule: dict[int, list[InvoiceLine]] = {}
    for line in lines:
        if line.kind == InvoiceLine.Kind.CHARGES and line.rule_id:
            by_rule.setdefault(line.rule_id, []).append(line)
    return {
        line.position: f"Counted over all {what}"
        for alike in by_rule.values()
        if (what := _what_differs(alike))
        for line in alike
    }


def _what_differs(lines: list[InvoiceLine]) -> str:
    """Return what the lines differ in, such as `products`; "" if they have one product and one action type."""
    kinds = {"products": {line.product_id for line in lines}, "action types": {line.action_type_id for line in lines}}
    return " and ".join(words for words, found in kinds.items() if len(found) > 1)


def uncharged_line(line: InvoiceLine) -> UnchargedLine:
    """Format a line of actions that were not charged."""
    reason = reason_in_words(line.reason)
    return UnchargedLine(
        position=line.position,
        # The stored description ends with the reason, which has its own column here.
        description=clean(line.description).removesuffix(f": {reason.lower()}"),
        reason=reason,
        notes=late_note(line),
        actions=quantity_in_words(Decimal(line.actions)),
    )


def _unit_price(rule: PriceRule) -> Decimal | None:
    """Return the price if it is the same for all units; otherwise the rows below the line show the calculation."""
    if model_of(rule).tiers_field():  # avoids reading them
        return None
    rate = price_facts(rule).only_rate
    return None if rate is None else to_decimal(rate)


def _tiers(line: InvoiceLine, currency: str) -> tuple[TierPart, ...]:
    return tuple(TierPart(*map(clean, in_words(row, currency))) for row in line.detail)


def is_included(line: InvoiceLine) -> bool:
    """Return whether these actions have a price, and it is zero; what a limit cut to zero was charged in part."""
    is_free = line.kind == InvoiceLine.Kind.CHARGES and not line.exact_amount
    return is_free and not any("cap" in row for row in line.detail)


def late_note(line: InvoiceLine) -> tuple[str, ...]:
    """Return the note for late activity, if any; loads the customer only then."""
    return (f"Late activity from {late_of(line)}",) if line.late_from else ()


def late_of(line: InvoiceLine) -> str:
    """Name the month or week in which this line's late activity occurred; "" if it is not late."""
    return late_in_words(line.late_from, line.invoice.customer.calendar) if line.late_from else ""


def _trimmed(line: InvoiceLine, unit_price: Decimal | None, currency: str) -> tuple[str, ...]:
    """Say what each cap cut, if the line's amount is less than quantity times price."""
    cuts = [
        f"{money.in_words(-Decimal(row['amount']), currency)} {above(row['cap'])}"
        for row in line.detail
        if "cap" in row
    ]
    if unit_price is None or not cuts:
        return ()
    full = money.in_words(line.quantity * unit_price, currency)
    return (f"Full price {full}; not charged: {' and '.join(cuts)}",)
