"""The result for an action when it was rated, in words that show how two results differ."""

from typing import NamedTuple

from pricing.rating.values import ActionId, Cuts, RuleId
from pricing.wording.numbers import money, number


class Outcome(NamedTuple):
    """The complete result for an action, in micro-units."""

    period: int
    rule: RuleId | None
    reason: str
    amount: int
    full_amount: int
    cuts: Cuts
    quantity_before: int
    value_before: int
    paid_by: ActionId | None


def outcome_in_words(outcome: Outcome | None, currency: str, *, beside: Outcome | None) -> str:
    """`$2.50 by rule 12`, `not charged: voided`; then every other difference from `beside`."""
    if outcome is None:
        return "no charge"
    words = _result(outcome, currency)
    if beside is None:
        return words
    return ", ".join([words, *_rest(outcome, beside, currency)])


def _result(outcome: Outcome, currency: str) -> str:
    by = "" if outcome.rule is None else f" by rule {outcome.rule}"
    return f"not charged: {outcome.reason}{by}" if outcome.reason else f"{money(outcome.amount, currency)}{by}"


def _cuts(outcome: Outcome, currency: str) -> str:
    return " and ".join(f"{money(amount, currency)} cut by {cap}" for cap, amount in outcome.cuts) or "not capped"


def _rest(outcome: Outcome, beside: Outcome, currency: str) -> list[str]:
    words = {
        "full_amount": f"of {money(outcome.full_amount, currency)}",
        "cuts": _cuts(outcome, currency),
        "quantity_before": f"{number(outcome.quantity_before)} counted before",
        "value_before": f"{money(outcome.value_before, currency)} of value before",
        "paid_by": "paid by no other action" if outcome.paid_by is None else f"paid by action {outcome.paid_by}",
        "period": f"in period {outcome.period}",
    }
    return [said for name, said in words.items() if getattr(outcome, name) != getattr(beside, name)]
