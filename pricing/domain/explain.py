"""Why a charge is what it is, in words and as data, from what is stored."""

from dataclasses import dataclass
from typing import Any

from billing_engine.core import money
from pricing.domain.explain_price import price_sentences
from pricing.domain.facts import catalogue_for, customer_facts, moment, rule_facts, rules_for
from pricing.domain.words import days_in_words, price_in_words, scope_in_words
from pricing.models import Charge, PriceRule
from pricing.rating.facts import ActionFacts, RuleFacts
from pricing.rating.match import DIMENSIONS, Rank, RuleBook, rank

# How the winner outranks another rule in what is no part of a scope.
OUTRANKED = {"priority": "the winner's is higher", "effective from": "the winner began later"}


@dataclass(frozen=True, slots=True)
class Explanation:
    """The same answer twice: sentences for people, facts for programs."""

    sentences: list[str]
    facts: dict[str, Any]


def explain(charge: Charge) -> Explanation:
    """Why this charge; reads its action, lead, rule and customer, and the rules that also matched."""
    if charge.rule is None:
        return _excluded(charge)
    lost = _lost(charge, charge.rule)
    facts = _facts(charge) | {"also_matched": lost}
    sentences = [_rule_sentence(charge, charge.rule), *map(_lost_sentence, lost)]
    if charge.reason:
        return Explanation([*sentences, _covered(charge, charge.rule)], facts)
    price, parts = price_sentences(charge, charge.rule)
    cap = [_cap_sentence(charge, charge.rule)] if charge.cap else []
    since = [_taken_back_sentence(charge)] if charge.action.voided_after_close else []
    return Explanation([*sentences, *price, *cap, *since], facts | {"parts": parts})


def _taken_back_sentence(charge: Charge) -> str:
    """The action was taken back when its period was closed already."""
    why = f" ({charge.action.void_reason})" if charge.action.void_reason else ""
    return (
        f"Taken back on {charge.action.voided_at:%Y-%m-%d %H:%M} UTC{why}, after the period was closed: the charge stands"
        " until the draft is regenerated or, once issued, it is credited."
    )


def _excluded(charge: Charge) -> Explanation:
    words = f"Not charged: {charge.get_reason_display().lower()}."
    if charge.reason == Charge.Reason.VOIDED and charge.action.void_reason:
        words += f" The source says: {charge.action.void_reason}."
    waiver = getattr(charge.action, "waiver", None)
    if charge.reason == Charge.Reason.WAIVED and waiver:
        words += f" {waiver.waived_by}: {waiver.note}."
    return Explanation([words], _facts(charge))


def _facts(charge: Charge) -> dict[str, Any]:
    action, before = charge.action, charge.quantity_before
    value_before = charge.value_before or money.ZERO
    counts = not charge.reason
    return {
        "outcome": "excluded" if charge.reason else "charged",
        "reason": charge.reason or None,
        "rule": charge.rule_id,
        "rule_name": charge.rule.name if charge.rule else None,
        "quantity": str(action.quantity),
        "value": None if action.value is None else str(action.value),
        "quantity_before": str(before),
        "quantity_after": str(before + action.quantity if counts else before),
        "value_before": str(value_before),
        "value_after": str(value_before + (action.value or money.ZERO) if counts else value_before),
        "full_amount": str(charge.full_amount),
        "amount": str(charge.amount),
        "cap": charge.cap or None,
        "paid_by": charge.paid_by_id,
    }


def _rule_sentence(charge: Charge, rule: PriceRule) -> str:
    scope = " · ".join(scope_in_words(rule)) or "everything"
    begin = "Matched" if charge.reason else "Priced"
    return f"{begin} by «{rule.name}» (revision {rule.pk}; {scope}): {price_in_words(rule)}."


def _lost(charge: Charge, won: PriceRule) -> list[dict[str, Any]]:
    """The rules that matched too, each with the first thing it was beaten on."""
    customer, lead, action = charge.period.customer, charge.action.lead, charge.action
    facts = ActionFacts(
        action.pk, lead.pk, "", lead.product_id, lead.source_id, action.action_type_id, moment(action.occurred_at), 0
    )
    matching = RuleBook(rules_for(customer), customer_facts(customer), catalogue_for(customer)).matching(facts)
    # What outranks the winner was not in force yet when this was rated.
    best = rank(rule_facts(won, customer.zone))
    lost = [rule for rule in matching if rank(rule) < best]
    names = dict(PriceRule.objects.filter(pk__in=[rule.id for rule in lost]).values_list("pk", "name"))
    return [{"rule": rule.id, "name": names[rule.id], "lost_on": _first_difference(best, rank(rule))} for rule in lost]


def lost_on(winner: RuleFacts, other: RuleFacts) -> str:
    """What the other rule lost on, in words: `priority: the winner's is higher`."""
    return _why(_first_difference(rank(winner), rank(other)))


def _why(dimension: str) -> str:
    why = OUTRANKED.get(dimension, f"it is for any {dimension}, the winner for this one")
    return f"{dimension}: {why}"


def _first_difference(ours: Rank, theirs: Rank) -> str:
    return next(name for name, mine, other in zip(DIMENSIONS, ours, theirs, strict=True) if mine != other)


def _lost_sentence(lost: dict[str, Any]) -> str:
    return f"«{lost['name']}» matched too, and lost on {_why(lost['lost_on'])}."


def _covered(charge: Charge, rule: PriceRule) -> str:
    """Why the rule charges nothing for it: the action whose charge pays for it, or was dearer."""
    found, paid = charge.paid_by, Charge.objects.filter(pk=charge.paid_by_id).first()
    is_dearer = charge.reason == Charge.Reason.NOT_HIGHEST
    this = f"action {found} of {found.occurred_at:%Y-%m-%d %H:%M} UTC" if found else "another action"
    if paid:
        cost = paid.full_amount if is_dearer else paid.amount
        this += f" ({money.price_in_words(cost, charge.period.customer.currency)})"
    if is_dearer:
        return f"Not charged: only a lead's dearest action in the period is, and that is {this}."
    how_often = f"once {rule.get_once_per_display()} in {days_in_words(rule.once_days or 0)}"
    return f"Not charged: this is charged {how_often}, and {this} pays for it."


def _cap_sentence(charge: Charge, rule: PriceRule) -> str:
    currency = charge.period.customer.currency
    limits = {Charge.Cap.PER_LEAD: rule.cap_per_lead, Charge.Cap.PER_PERIOD: rule.cap_per_period}
    limit = limits.get(Charge.Cap(charge.cap))
    of = "" if limit is None else f" of {money.price_in_words(limit, currency)}"
    return (
        f"{charge.get_cap_display()}{of} was used up: of {money.price_in_words(charge.full_amount, currency)} "
        f"only {money.price_in_words(charge.amount, currency)} is charged."
    )
