"""What became of an action when it was rated, in words that show what differs from the other time."""

from billing_engine.core.money import price_in_words
from pricing.domain.audit.prove import Outcome
from pricing.domain.rate.charges import in_units
from pricing.domain.rule_wording import number


def outcome_in_words(outcome: Outcome | None, currency: str, *, beside: Outcome | None) -> str:
    """`$2.50 by rule 12`, `not charged: voided`; then whatever else is not the same `beside` it."""
    if outcome is None:
        return "no charge"
    words = _result(outcome, currency)
    if beside is None:
        return words
    return ", ".join([words, *_rest(outcome, beside, currency)])


def _result(outcome: Outcome, currency: str) -> str:
    by = "" if outcome.rule is None else f" by rule {outcome.rule}"
    if outcome.reason:
        return f"not charged: {outcome.reason}{by}"
    return f"{price_in_words(in_units(outcome.amount), currency)}{by}"


def _cuts(outcome: Outcome, currency: str) -> str:
    cut = [f"{price_in_words(in_units(amount), currency)} cut by {cap}" for cap, amount in outcome.cuts]
    return " and ".join(cut) or "not capped"


def _rest(outcome: Outcome, beside: Outcome, currency: str) -> list[str]:
    words = {
        "full_amount": f"of {price_in_words(in_units(outcome.full_amount), currency)}",
        "cuts": _cuts(outcome, currency),
        "quantity_before": f"{number(in_units(outcome.quantity_before))} counted before",
        "value_before": f"{price_in_words(in_units(outcome.value_before), currency)} of value before",
        "paid_by": "paid by no other action" if outcome.paid_by is None else f"paid by action {outcome.paid_by}",
        "period": f"in period {outcome.period}",
    }
    return [said for name, said in words.items() if getattr(outcome, name) != getattr(beside, name)]
