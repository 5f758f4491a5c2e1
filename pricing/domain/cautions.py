"""What to think about before a draft is activated: it can never win, leaves something without a price, or costs oddly."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from billing_engine.core import money
from billing_engine.core.wall_clock import in_words
from pricing.domain.charges import in_units
from pricing.domain.facts import price_facts
from pricing.domain.fit import matches_nothing_of_much, unmatched
from pricing.domain.gaps import Gap, gaps
from pricing.domain.people import taken_over
from pricing.domain.scopes import covers, neighbours, rank_of, rivals, same_scope
from pricing.models import PriceRule
from pricing.rating.prices import MICRO, Counted, Volume

# What two prices are compared by: ten units worth a thousand together.
QUANTITY, VALUE = 10 * MICRO, 1_000 * MICRO
FAR = Decimal("0.5")  # by more than half: a slip of the comma, more often than not
GAPS_TOLD = 3


@dataclass(frozen=True, slots=True)
class Caution:
    """Something to think about, and the rules it is about."""

    words: str
    rules: list[PriceRule] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """The words alone, with their stop."""
        return self.words if self.words.endswith("?") else f"{self.words}."


def cautions_about(rule: PriceRule, *, at: datetime) -> list[Caution]:
    """What a person should know before this draft is activated, the gravest first."""
    beside = neighbours(rule, begin=rule.wall_from, end=rule.wall_to)
    return [
        *_overlap(rule),
        *(Caution(words) for words in unmatched(rule)),
        *_never_wins(rule, beside),
        *_rivals(rule),
        *_unused(rule, at),
        *_backdated(rule, at),
        *_gap(rule),
        *_far(rule, beside),
    ]


def _overlap(rule: PriceRule) -> Iterator[Caution]:
    others = [other for other in same_scope(rule) if other.pk != rule.revises_id]
    if others:
        yield Caution("It can't be activated beside a rule of the same scope, priority and time", others)


def _rivals(rule: PriceRule) -> Iterator[Caution]:
    others = rivals(rule)
    if others:
        begins = " and ".join(in_words(other.wall_from) for other in others)
        words = f"{len(others)} other drafts revise" if len(others) > 1 else "Another draft revises"
        yield Caution(f"{words} the same rule, from {begins}", others)


def _unused(rule: PriceRule, at: datetime) -> Iterator[Caution]:
    if matches_nothing_of_much(rule, at=at):
        yield Caution("It matches 0 actions of last month")


def _never_wins(rule: PriceRule, beside: list[PriceRule]) -> Iterator[Caution]:
    if rule.action_type and not rule.action_type.is_billable:
        yield Caution(f"It can never win: «{rule.action_type}» is not billable, so its actions are excluded before")
        return
    ours = rank_of(rule)
    stronger = [
        other for other in beside if other.pk != rule.revises_id and covers(other, rule) and rank_of(other) > ours
    ]
    until = rule.wall_from
    for other in sorted(stronger, key=lambda each: each.wall_from):
        if other.wall_from <= until and (other.wall_to is None or other.wall_to > until):
            if other.wall_to is None or (rule.wall_to and other.wall_to >= rule.wall_to):
                yield Caution("It can never win: it is outranked wherever it matches", stronger)
                return
            until = other.wall_to


def _backdated(rule: PriceRule, at: datetime) -> Iterator[Caution]:
    repriced = taken_over(rule, at=at)
    if repriced:
        words = "It begins in the past: activating it needs a reason and a second person. It takes over from"
        yield Caution(words, repriced)


def _gap(rule: PriceRule) -> Iterator[Caution]:
    revised = rule.revises
    begin = gaps(rule, at=rule.wall_from, besides=[revised.pk] if revised else ())
    if begin:
        yield Caution(f"No price from {in_words(rule.wall_from)} for {_told(begin)}")
    if rule.wall_to is not None:
        lost = gaps(rule, at=rule.wall_to, besides=[revised.pk] if revised else (), with_rule=False)
        known = set(begin)
        lost = [gap for gap in lost if gap not in known]
        if lost:
            yield Caution(f"No price from its end, {in_words(rule.wall_to)}, for {_told(lost)}")


def _told(found: list[Gap]) -> str:
    words = [f"“{gap.action_type}” of {gap.product}" for gap in found[:GAPS_TOLD]]
    return ", ".join(words) + (f" and {len(found) - GAPS_TOLD:,} more" if len(found) > GAPS_TOLD else "")


def _far(rule: PriceRule, beside: list[PriceRule]) -> Iterator[Caution]:
    replaced = rule.revises or _replaced(rule, beside)
    costs = None if replaced is None else _cost(replaced)
    would = _cost(rule)
    if replaced is None or not costs or would is None or replaced.currency != rule.currency:
        return
    change = (would - costs) / costs
    if abs(change) > FAR:
        before, after = (money.price_in_words(each, rule.currency) for each in (costs, would))
        costs_then = f"ten units, worth 1,000 together, cost {before} there and {after} here"
        words = f"Far from what it replaces ({change:+,.0%}): {costs_then}"
        yield Caution(words, [replaced])


def _replaced(rule: PriceRule, beside: list[PriceRule]) -> PriceRule | None:
    """Which rule prices all that this one matches, until it begins."""
    ours = rank_of(rule)
    wider = [other for other in beside if covers(other, rule) and rank_of(other) < ours]
    return max(wider, key=rank_of, default=None)


def _cost(rule: PriceRule) -> Decimal | None:
    """Of the first ten units of a period, worth a thousand together; None while its price is incomplete."""
    try:
        price = price_facts(rule)
    except ValueError:
        return None
    if isinstance(price, Volume):
        return in_units(price.price_within(QUANTITY, Counted(), QUANTITY))
    return in_units(price.price(Counted(), QUANTITY, VALUE))
