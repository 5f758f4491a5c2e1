"""Explain decisions about the actions of a file, with the names used in the files."""

from collections.abc import Mapping

from billing_engine.core.calendar.wall_clock import written
from pricing.rating.caps import PER_LEAD, PER_PERIOD
from pricing.rating.exclude import ALREADY_CHARGED, NOT_HIGHEST
from pricing.rating.instants import wall_clock, whole_days
from pricing.rating.match import rank
from pricing.rating.values import ActionId, Decision, RuleFacts
from pricing.wording.decision import already_charged, cuts_in_words, excluded, not_highest
from pricing.wording.numbers import money
from pricing.wording.rule import Terms, sentence


def scope(rule: RuleFacts) -> dict[str, str]:
    """The values that the rule fixes, most significant first; empty if it prices everything."""
    fixed = {
        "customer": rule.customer,
        "product": rule.product,
        "category": rule.category,
        "source": rule.source,
        "channel": rule.channel,
        "action_type": rule.action_type,
    }
    return {name: str(value) for name, value in fixed.items() if value}


def of_rule(rule: RuleFacts) -> str:
    """Why this rule may price the action."""
    fixed = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in scope(rule).items())
    decides = f"Rule {rule.id} decides, with scope {fixed or 'everything'} and priority {rule.priority}."
    return f"{decides} It charges {sentence(terms_of(rule))}."


def terms_of(rule: RuleFacts) -> Terms:
    """The terms that the rule's sentence states."""
    return Terms(
        currency=rule.currency,
        price=rule.price,
        once_days=whole_days(rule.once.within) if rule.once else 0,
        once_per_person=bool(rule.once and rule.once.per_person),
        highest_only=rule.highest_only,
        cap_per_lead=rule.cap_per_lead,
        cap_per_period=rule.cap_per_period,
    )


def of_loser(loser: RuleFacts, winner: RuleFacts, dimension: str) -> str:
    """What another rule that matches the action lost on."""
    if dimension == "priority":
        lost = f"its priority is {loser.priority}, the priority of {winner.id} is {winner.priority}"
    elif dimension == "effective from":
        lost = f"it started earlier, {written(wall_clock(loser.effective_from))}"
    else:
        lost = f"it leaves the {dimension} open, but {winner.id} fixes it"
    return f"Rule {loser.id} also matches, but lost on {dimension}: {lost}."


def lost_on(loser: RuleFacts, winner: RuleFacts) -> int:
    """The first dimension in which the two differ, as an index into `pricing.rating.match.DIMENSIONS`."""
    pairs = zip(rank(loser), rank(winner), strict=True)
    return next(place for place, (theirs, ours) in enumerate(pairs) if theirs != ours)


def of_exclusion(decision: Decision, rule: RuleFacts | None, decided: Mapping[ActionId, Decision]) -> str:
    """Why an excluded action is not charged; `decided` has the results of the others."""
    if decision.reason == ALREADY_CHARGED and rule and rule.once:
        paid, days = f"action {decision.paid_by}", whole_days(rule.once.within)
        return already_charged(paid=paid, per_person=rule.once.per_person, within_days=days)
    if decision.reason == NOT_HIGHEST and rule and decision.paid_by is not None:
        highest = decided[decision.paid_by]
        paid = f"action {highest.paid_by}" if highest.reason == ALREADY_CHARGED else ""
        cost = money(highest.full_amount, rule.currency)
        return not_highest(highest=f"action {highest.action}", cost=cost, paid=paid)
    return excluded(decision.reason)


def of_cuts(decision: Decision, rule: RuleFacts) -> list[str]:
    """What each cap cut from the price."""
    limits = {PER_LEAD: rule.cap_per_lead, PER_PERIOD: rule.cap_per_period}
    return cuts_in_words(decision.full_amount, decision.cuts, limits, rule.currency)
