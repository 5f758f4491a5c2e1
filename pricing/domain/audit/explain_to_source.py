"""Explain a charge to the source of its action: what happened to it and why, and nothing that other sources cause."""

from typing import Any

from billing_engine.core import money
from pricing.domain.audit.explain import Explanation
from pricing.domain.rate.inputs import period_facts
from pricing.domain.rule_wording import price_in_words, terms_of
from pricing.models import Charge, PriceRule
from pricing.rating.prices import Counted
from pricing.wording.decision import not_charged

AMOUNT_NOT_SHOWN = "The amount depends on what the customer received from all sources, so it isn't shown."


def explain_to_source(charge: Charge, *, with_price: bool) -> Explanation:
    """Explain this charge to its source; `with_price` adds the rule and, if no other source affects it, the amount."""
    fate = {"outcome": "excluded" if charge.reason else "charged", "reason": charge.reason or None}
    words = not_charged(charge.reason) if charge.reason else "Charged."
    if not with_price:
        return Explanation([words], fate)
    sentences = [words] if charge.reason else list(_price_sentences(charge))
    return Explanation(sentences, fate | price_facts(charge))


def price_facts(charge: Charge) -> dict[str, Any]:
    """Return the rule and the amount of a charge, as far as its source may know them."""
    amounts: dict[str, Any] = {"amount": None, "full_amount": None, "cuts": None}
    if stands_alone(charge):
        cuts = [{"cap": cap.value, "amount": str(cut)} for cap, cut in charge.cuts]
        amounts = {"amount": charge.amount, "full_amount": charge.full_amount, "cuts": cuts}
    rule = None if charge.reason else charge.rule
    return {
        "rule": rule.pk if rule else None,
        "rule_name": rule.name if rule else None,
        "currency": charge.period.customer.currency,
        **amounts,
    }


def stands_alone(charge: Charge) -> bool:
    """Return whether the amount is the same whatever other sources send.

    It is not if the rule counts the customer's whole period, by tiers, packages, an allowance or a limit, or if the
    customer has a hard budget. What is excluded costs nothing.
    """
    if charge.reason:
        return True
    rule: Any = charge.rule  # a charge without reason has one
    price: Any = terms_of(rule).price  # and one in force is complete
    counts = not price.stands_alone or price.allowance != Counted() or rule.cap_per_period is not None
    return not counts and period_facts(charge.period).hard_budget is None and charge.cut_by_budget is None


def amount_in_words(charge: Charge) -> str:
    """Return `$3.00`, or `$3.00 of $3.75` if a limit cut it."""
    currency = charge.period.customer.currency
    trimmed = f" of {money.price_in_words(charge.full_amount, currency)}" if charge.cuts else ""
    amount = charge.amount
    return (money.price_in_words(amount, currency) if amount else money.in_words(amount, currency)) + trimmed


def _price_sentences(charge: Charge) -> list[str]:
    rule: PriceRule | None = charge.rule
    assert rule is not None, "a charge without reason has a rule"  # noqa: S101 -- for mypy
    told = f"Charged {amount_in_words(charge)}." if stands_alone(charge) else AMOUNT_NOT_SHOWN
    return [f"Priced by “{rule.name}”: {price_in_words(rule)}.", told]
