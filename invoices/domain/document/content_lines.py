"""The lines of an invoice in words: what was charged, tier by tier, and what was not, and why."""

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


@dataclass(frozen=True, slots=True)
class TierPart:
    """What of a line's quantity fell into one tier of its price."""

    tier: str
    quantity: str
    unit_price: str
    amount: str


@dataclass(frozen=True, slots=True)
class ChargedLine:
    """A line that costs something."""

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
    """What was received and is not charged, and why."""

    position: int
    description: str
    reason: str
    notes: tuple[str, ...]
    actions: str
    amount: str


def charged_line(line: InvoiceLine, currency: str, *, counted_over: str = "") -> ChargedLine:
    """A line of charges, or the monthly minimum, which has no quantity; `counted_over` as `counted_together` found it."""
    counted = line.kind == InvoiceLine.Kind.CHARGES
    unit_price = _unit_price(line.rule) if counted and line.rule else None
    tiers = _tiers(line, currency) if unit_price is None else ()
    return ChargedLine(
        position=line.position,
        description=clean(line.description),
        notes=late_note(line)
        + _trimmed(line, unit_price, currency)
        + ((counted_over,) if tiers and counted_over else ()),
        quantity=quantity_in_words(line.quantity) if counted else "",
        unit=clean(line.unit),
        unit_price="" if unit_price is None else money.price_in_words(unit_price, currency),
        amount=money.in_words(line.amount, currency),
        tiers=tiers,
    )


def counted_together(lines: Iterable[InvoiceLine]) -> dict[int, str]:
    """By position, of lines that one rule priced: that its tiers go on from one line to the next, and over what."""
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
    """`products` of lines for several products; "" where they are for one product and one action type."""
    kinds = {"products": {line.product_id for line in lines}, "action types": {line.action_type_id for line in lines}}
    return " and ".join(words for words, found in kinds.items() if len(found) > 1)


def uncharged_line(line: InvoiceLine, currency: str) -> UnchargedLine:
    """A line at zero, with its reason."""
    reason = reason_in_words(line.reason)
    return UnchargedLine(
        position=line.position,
        # The stored description ends with the reason, which has a column of its own here.
        description=clean(line.description).removesuffix(f": {reason.lower()}"),
        reason=reason,
        notes=late_note(line),
        actions=quantity_in_words(Decimal(line.actions)),
        amount=money.in_words(line.amount, currency),
    )


def _unit_price(rule: PriceRule) -> Decimal | None:
    """One price for all units; with free ones among them, and for every other model, the rows beneath tell it."""
    if model_of(rule).tiers_field():  # they would have to be read
        return None
    rate = price_facts(rule).only_rate
    return None if rate is None else to_decimal(rate)


def _tiers(line: InvoiceLine, currency: str) -> tuple[TierPart, ...]:
    return tuple(TierPart(*map(clean, in_words(row, currency))) for row in line.detail)


def late_note(line: InvoiceLine) -> tuple[str, ...]:
    """Of when it is; only asks for the customer where there is something to say."""
    return (f"Late activity of {late_of(line)}",) if line.late_from else ()


def late_of(line: InvoiceLine) -> str:
    """`October 2026`, or the week by its days: when the late activity of this line occurred; "" where it is not late."""
    return late_in_words(line.late_from, line.invoice.customer.calendar) if line.late_from else ""


def _trimmed(line: InvoiceLine, unit_price: Decimal | None, currency: str) -> tuple[str, ...]:
    """What each cap took off the price, where the line itself shows it: less than quantity times price."""
    cuts = [
        f"{money.in_words(-Decimal(row['amount']), currency)} {above(row['cap'])}"
        for row in line.detail
        if "cap" in row
    ]
    if unit_price is None or not cuts:
        return ()
    full = money.in_words(line.quantity * unit_price, currency)
    return (f"Full price {full}; not charged: {' and '.join(cuts)}",)
