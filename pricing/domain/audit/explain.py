"""Explain a stored charge, as sentences and as data."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from billing_engine.core import money
from billing_engine.core.calendar.instants import instant_in_words
from leads.domain.voiding import voided_by
from leads.models import Action
from leads.queries.corrections import correction_facts, correction_in_words, corrections_of
from pricing.domain.audit.explain_price import price_sentences
from pricing.domain.rate.book.books import book_of
from pricing.domain.rate.inputs import customer_facts, maybe_micro, micro, rule_facts
from pricing.domain.rule_wording import price_in_words, scope_in_words
from pricing.models import Charge, PriceRule
from pricing.rating.amounts import Micro
from pricing.rating.instants import moment
from pricing.rating.match import DIMENSIONS, Rank, RuleBook, rank
from pricing.rating.values import ActionFacts, ActionId, KindId, LeadId, ProductId, RuleFacts, RuleId, SourceId
from pricing.wording.decision import (
    already_charged,
    cuts_in_words,
    lost_on,
    not_charged,
    not_charged_voided,
    not_highest,
    voided_late,
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """One explanation in two forms: sentences for people, data for programs."""

    sentences: list[str]
    facts: dict[str, Any]


EQUALS = "nothing: both have the same scope, priority and start, so only one of them can be active"


def explain(charge: Charge) -> Explanation:
    """Explain this charge; reads its action, lead, rule and customer, the rules that also matched, and what people changed."""
    found, corrections = _of_price(charge), corrections_of(charge.action)
    told = [*found.sentences, *map(correction_in_words, corrections)]
    return Explanation(told, found.facts | {"corrections": correction_facts(corrections)})


def _of_price(charge: Charge) -> Explanation:
    if charge.rule is None:
        return _excluded(charge)
    lost = _lost(charge, charge.rule)
    facts = _facts(charge) | {"also_matched": lost}
    sentences = [_rule_sentence(charge, charge.rule), *map(_lost_sentence, lost)]
    if charge.reason:
        return Explanation([*sentences, _covered(charge, charge.rule)], facts)
    price, parts = price_sentences(charge, charge.rule)
    since = list(_voided_late(charge))
    return Explanation([*sentences, *price, *_cut_sentences(charge, charge.rule), *since], facts | {"parts": parts})


def _voided_late(charge: Charge) -> Iterator[str]:
    action = charge.action
    if action.voided_after_close and action.voided_at:
        yield voided_late(instant_in_words(action.voided_at, UTC), by=voided_by(action), why=action.void_reason)


def _excluded(charge: Charge) -> Explanation:
    if charge.reason == Charge.Reason.VOIDED:
        action = charge.action
        return Explanation([not_charged_voided(by=voided_by(action), why=action.void_reason)], _facts(charge))
    words = not_charged(charge.reason)
    waiver = getattr(charge.action, "waiver", None)
    if charge.reason in (Charge.Reason.WAIVED, Charge.Reason.DISPUTED) and waiver:
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
        "cuts": [{"cap": cap.value, "amount": str(cut)} for cap, cut in charge.cuts],
        "paid_by": charge.paid_by_id,
    }


def _rule_sentence(charge: Charge, rule: PriceRule) -> str:
    scope = " · ".join(scope_in_words(rule)) or "everything"
    begin = "Matched" if charge.reason else "Priced"
    return f"{begin} by “{rule.name}” (revision {rule.pk}; {scope}): {price_in_words(rule)}."


def _lost(charge: Charge, won: PriceRule) -> list[dict[str, Any]]:
    """The other rules that matched, each with the first criterion it lost on."""
    customer, lead, action = charge.period.customer, charge.action.lead, charge.action
    facts = ActionFacts(
        ActionId(action.pk),
        LeadId(lead.pk),
        "",
        ProductId(lead.product_id),
        SourceId(lead.source_id),
        KindId(action.action_type_id),
        moment(action.occurred_at),
        Micro(0),
    )
    agreed, book = customer_facts(customer, charge.period.customer_terms), book_of(customer)
    matching = RuleBook(book.rules, agreed, book.catalog).matching(facts)
    # A rule that outranks the winner was not in force yet when this was rated.
    best = rank(rule_facts(won, customer.zone))
    lost = [rule for rule in matching if rank(rule) < best]
    found = PriceRule.objects.filter(pk__in=[rule.id for rule in lost]).values_list("pk", "name")
    names = {RuleId(pk): name for pk, name in found}
    return [{"rule": rule.id, "name": names[rule.id], "lost_on": _first_difference(best, rank(rule))} for rule in lost]


def lost_to(winner: RuleFacts, other: RuleFacts) -> str:
    """Return what the other rule lost on, in words: `priority: the winner's is higher`.

    A draft may be written for the scope, priority and start of a rule in force; both can't be active.
    """
    ours, theirs = rank(winner), rank(other)
    return EQUALS if ours == theirs else lost_on(_first_difference(ours, theirs))


def _first_difference(ours: Rank, theirs: Rank) -> str:
    return next(name for name, mine, other in zip(DIMENSIONS, ours, theirs, strict=True) if mine != other)


def _lost_sentence(lost: dict[str, Any]) -> str:
    return f"“{lost['name']}” also matched, but lost on {lost_on(lost['lost_on'])}."


def _covered(charge: Charge, rule: PriceRule) -> str:
    """Why the rule does not charge for it: the action that paid for it, or the lead's highest-priced action."""
    currency = charge.period.customer.currency
    found = Charge.objects.filter(pk=charge.paid_by_id).select_related("action", "paid_by").first()
    if charge.reason == Charge.Reason.NOT_HIGHEST:
        cost = found and not found.reason and money.price_in_words(found.full_amount, currency)
        paid = found and found.reason == Charge.Reason.ALREADY_CHARGED and _action_in_words(found.paid_by)
        return not_highest(highest=_action_in_words(charge.paid_by), cost=cost or "", paid=paid or "")
    amount = f" ({money.price_in_words(found.amount, currency)})" if found else ""
    return already_charged(
        paid=f"{_action_in_words(charge.paid_by)}{amount}",
        per_person=rule.once_per == PriceRule.Once.PERSON,
        within_days=rule.once_days or 0,
    )


def _action_in_words(action: Action | None) -> str:
    return f"action {action} of {instant_in_words(action.occurred_at, UTC)}" if action else "another action"


def _cut_sentences(charge: Charge, rule: PriceRule) -> list[str]:
    limits = {
        Charge.Cap.PER_LEAD.value: maybe_micro(rule.cap_per_lead),
        Charge.Cap.PER_PERIOD.value: maybe_micro(rule.cap_per_period),
    }
    cuts = tuple((cap.value, micro(cut)) for cap, cut in charge.cuts)
    return cuts_in_words(micro(charge.full_amount), cuts, limits, charge.period.customer.currency)
