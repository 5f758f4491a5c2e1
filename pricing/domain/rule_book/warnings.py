"""Warnings before a draft is activated: it can never win, leaves actions without a price, or has an unusual price."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from billing_engine.core import money
from billing_engine.core.calendar.wall_clock import in_words
from pricing.domain.rate.charges import to_decimal
from pricing.domain.rate.inputs import price_facts
from pricing.domain.rule_book.approval import repriced_rules
from pricing.domain.scope.fit import LastMonth, matches_nothing_of_much, unmatched
from pricing.domain.scope.gaps import Gap, gaps
from pricing.domain.scope.scopes import covers, facts_within, neighbors, rank_of, rivals, same_scope
from pricing.models import PriceRule
from pricing.rating.prices import MICRO, Counted, Price

# Two prices are compared by ten units worth a thousand together.
QUANTITY, VALUE = 10 * MICRO, 1_000 * MICRO
FAR = Decimal("0.5")  # by more than half: usually a misplaced decimal point
GAPS_TOLD = 3


@dataclass(frozen=True, slots=True)
class DraftWarning:
    """A warning, and the rules it is about."""

    words: str
    rules: list[PriceRule] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """The warning as a sentence."""
        return self.words if self.words.endswith("?") else f"{self.words}."


def warnings_for(rule: PriceRule, *, at: datetime, last_month: LastMonth | None = None) -> list[DraftWarning]:
    """The warnings for a draft about to be activated, most serious first.

    `last_month` is what was already read of last month's actions, if many drafts are checked.
    """
    beside = neighbors(rule, begin=rule.wall_from, end=rule.wall_to)
    return [
        *_overlap(rule),
        *(DraftWarning(words) for words in unmatched(rule)),
        *_never_wins(rule, beside),
        *_rivals(rule),
        *_unused(rule, at, last_month),
        *_backdated(rule, at),
        *_gap(rule),
        *_far(rule, beside),
    ]


def _overlap(rule: PriceRule) -> Iterator[DraftWarning]:
    others = [other for other in same_scope(rule) if other.pk != rule.revises_id]
    if others:
        yield DraftWarning("It can't be activated because of a rule with the same scope, priority and time", others)


def _rivals(rule: PriceRule) -> Iterator[DraftWarning]:
    others = rivals(rule)
    if others:
        begins = " and ".join(in_words(other.wall_from) for other in others)
        words = f"{len(others)} other drafts revise" if len(others) > 1 else "Another draft revises"
        yield DraftWarning(f"{words} the same rule, from {begins}", others)


def _unused(rule: PriceRule, at: datetime, last_month: LastMonth | None) -> Iterator[DraftWarning]:
    if matches_nothing_of_much(rule, at=at) if last_month is None else last_month.has_none_for(rule):
        yield DraftWarning("It matches 0 actions of last month")


def _never_wins(rule: PriceRule, beside: list[PriceRule]) -> Iterator[DraftWarning]:
    if rule.action_type and facts_within(rule, rule.action_type.revisions.all(), "is_billable") == {False}:
        yield DraftWarning(f"It can never win: “{rule.action_type}” is not billable, so its actions are excluded first")
        return
    ours = rank_of(rule)
    found = (other for other in beside if other.pk != rule.revises_id and covers(other, rule) and rank_of(other) > ours)
    stronger = sorted(found, key=lambda each: (each.wall_from, each.pk))
    until = rule.wall_from
    for other in stronger:
        if other.wall_from <= until and (other.wall_to is None or other.wall_to > until):
            if other.wall_to is None or (rule.wall_to and other.wall_to >= rule.wall_to):
                yield DraftWarning("It can never win: it is outranked wherever it matches", stronger)
                return
            until = other.wall_to


def _backdated(rule: PriceRule, at: datetime) -> Iterator[DraftWarning]:
    repriced = repriced_rules(rule, at=at)
    if repriced:
        words = "It starts in the past, so activating it needs a reason and a second person. It replaces"
        yield DraftWarning(words, repriced)


def _gap(rule: PriceRule) -> Iterator[DraftWarning]:
    """What loses its price by the draft: what the rule priced that it revises, and what it prices itself until its end.

    What has no price anyway is not the draft's doing.
    """
    revised = rule.revises
    ended = [revised.pk] if revised else []
    if revised:
        known = set(gaps(revised, at=rule.wall_from))
        begin = [gap for gap in gaps(rule, at=rule.wall_from, besides=ended, within=revised) if gap not in known]
        if begin:
            yield DraftWarning(f"No price from {in_words(rule.wall_from)} for {_told(begin)}")
    if rule.wall_to is not None:
        known = set(gaps(rule, at=rule.wall_to, besides=ended))
        lost = gaps(rule, at=rule.wall_to, besides=ended, with_rule=False)
        lost = [gap for gap in lost if gap not in known]
        if lost:
            yield DraftWarning(f"No price from its end, {in_words(rule.wall_to)}, for {_told(lost)}")


def _told(found: list[Gap]) -> str:
    words = [f"“{gap.action_type}” of {gap.product}" for gap in found[:GAPS_TOLD]]
    return ", ".join(words) + (f" and {len(found) - GAPS_TOLD:,} more" if len(found) > GAPS_TOLD else "")


def _far(rule: PriceRule, beside: list[PriceRule]) -> Iterator[DraftWarning]:
    replaced = rule.revises or _wider(rule, beside)
    if replaced is None or replaced.currency != rule.currency:
        return
    theirs, ours = _price(replaced), _price(rule)
    if theirs is None or ours is None:
        return
    costs, would = _costs(theirs, ours)
    if not costs:
        return
    change = (would - costs) / costs
    before, after = (money.price_in_words(each, rule.currency) for each in (costs, would))
    is_free = any(each.allowance != Counted() for each in (theirs, ours))
    ten = "10 units, worth 1,000 together," if ours.is_of_value or theirs.is_of_value else "10 units"
    ten = f"After what is free, {ten}" if is_free else ten
    if not ours.costs_anything:
        yield DraftWarning(f"It charges nothing. {ten} cost {before} in the rule it replaces", [replaced])
    elif abs(change) > FAR:
        far = f"{abs(change):,.0%} {'more' if change > 0 else 'less'} ({before} → {after})"
        yield DraftWarning(f"{ten} cost {far} than in the rule it replaces", [replaced])


def _wider(rule: PriceRule, beside: list[PriceRule]) -> PriceRule | None:
    """The rule that prices everything this one matches until this one starts."""
    ours = rank_of(rule)
    wider = [other for other in beside if covers(other, rule) and rank_of(other) < ours]
    return max(wider, key=rank_of, default=None)


def _price(rule: PriceRule) -> Price | None:
    """The rule's price; None while it is incomplete."""
    try:
        return price_facts(rule)
    except ValueError:
        return None


def _costs(*prices: Price) -> list[Decimal]:
    """What each price charges for ten units worth a thousand together, after both allowances are used up."""
    free = [price.allowance for price in prices]
    before = Counted(
        actions=max(each.actions for each in free),
        quantity=max(each.quantity for each in free),
        value=max(each.value for each in free),
    )
    total = before.quantity + QUANTITY
    return [to_decimal(price.price_within(total, before, QUANTITY, VALUE)) for price in prices]
