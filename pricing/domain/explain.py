"""Why a charge is what it is, in words and as data, from what is stored."""

from dataclasses import dataclass
from typing import Any

from billing_engine.core import money
from pricing.domain.charges import in_units
from pricing.domain.facts import micro, price_facts
from pricing.domain.words import number, price_in_words, scope_in_words, tier_name
from pricing.models import Charge, PriceRule
from pricing.rating.facts import Graduated
from pricing.rating.tiers import parts, tier_of


@dataclass(frozen=True, slots=True)
class Explanation:
    """The same answer twice: sentences for people, facts for programs."""

    sentences: list[str]
    facts: dict[str, Any]


def explain(charge: Charge) -> Explanation:
    """Why this charge; reads its action, rule and customer."""
    if charge.reason or charge.rule is None:
        return _excluded(charge)
    currency = charge.period.customer.currency
    sentences = [_rule_sentence(charge.rule), *_price_sentences(charge, charge.rule, currency)]
    if charge.cap:
        sentences.append(
            f"{charge.get_cap_display()} was used up: of {money.price_in_words(charge.full_amount, currency)} "
            f"only {money.price_in_words(charge.amount, currency)} is charged."
        )
    facts = {
        "outcome": "charged",
        "rule": charge.rule.pk,
        "rule_name": charge.rule.name,
        "quantity_before": str(charge.quantity_before),
        "quantity_after": str(charge.quantity_before + charge.action.quantity),
        "full_amount": str(charge.full_amount),
        "amount": str(charge.amount),
        "cap": charge.cap,
    }
    return Explanation(sentences, facts)


def _excluded(charge: Charge) -> Explanation:
    words = f"Not charged: {charge.get_reason_display().lower()}."
    if charge.reason == Charge.Reason.VOIDED and charge.action.void_reason:
        words += f" The source says: {charge.action.void_reason}."
    waiver = getattr(charge.action, "waiver", None)
    if charge.reason == Charge.Reason.WAIVED and waiver:
        words += f" {waiver.waived_by}: {waiver.note}."
    return Explanation([words], {"outcome": "excluded", "reason": charge.reason, "amount": str(charge.amount)})


def _rule_sentence(rule: PriceRule) -> str:
    scope = " · ".join(scope_in_words(rule)) or "everything"
    return f"Priced by «{rule.name}» (revision {rule.pk}; {scope}): {price_in_words(rule)}."


def _price_sentences(charge: Charge, rule: PriceRule, currency: str) -> list[str]:
    price, quantity = price_facts(rule), charge.action.quantity
    if not isinstance(price, Graduated):
        full = money.price_in_words(charge.full_amount, currency)
        return [f"{number(quantity)} × {price_in_words(rule).removesuffix(' each')} = {full}."]
    before, after = charge.quantity_before, charge.quantity_before + quantity
    sentences = [
        f"This rule had counted {number(before)} in the period before this action, and {number(after)} with it."
    ]
    for part in parts(price, micro(before), micro(quantity)):
        tier, start = tier_of(price, part.tier)
        name = tier_name(in_units(start), None if tier.up_to is None else in_units(tier.up_to))
        amount = money.price_in_words(in_units(part.amount), currency)
        sentences.append(f"{number(in_units(part.quantity))} in the tier {name}: {amount}.")
    return sentences
