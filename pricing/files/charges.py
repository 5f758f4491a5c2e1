"""The output: one JSON object per action and line, in rating order."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import UNSET, Struct, UnsetType

from pricing.files.explain import Explainer, Explanation
from pricing.files.rate import Rated, rate
from pricing.files.read import read_files
from pricing.files.values import written


class Charge(Struct):
    """One action and its result."""

    action: str
    outcome: str
    amount: str
    full_amount: str
    rule: str | None
    reason: str | None
    period: str
    explanation: Explanation | UnsetType = UNSET


def price_files(rules: Path, actions: Path, *, carried: Path | None = None, explain: bool = False) -> Iterator[bytes]:
    """The lines, each with its line feed. Raises FilesRefused before the first one."""
    rule_set, placed = read_files(rules, actions, carried)
    rated = rate(rule_set, placed)
    explainer = Explainer(rule_set, rated) if explain else None
    encode = msgspec.json.Encoder().encode
    for each in rated:
        charge = _charge(each)
        if explainer:
            charge.explanation = explainer.explain(each)
        yield encode(charge) + b"\n"


def _charge(rated: Rated) -> Charge:
    decision = rated.decision
    outcome = "unrated" if decision.is_unrated else "excluded" if decision.reason else "charged"
    return Charge(
        action=str(decision.action),
        outcome=outcome,
        amount=written(decision.amount),
        full_amount=written(decision.full_amount),
        rule=None if decision.rule is None else str(decision.rule),
        reason=decision.reason or None,
        period=str(rated.action.cycle),
    )
