"""How a price came about, in sentences, from what rating knows."""

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from billing_engine.core import money
from billing_engine.core.wall_clock import written
from pricing.files.values import ONE, PLACES
from pricing.rating.caps import BUDGET, PER_LEAD, PER_PERIOD
from pricing.rating.exclude import (
    ALREADY_CHARGED,
    EXCLUDED_CONTACT,
    NOT_BILLABLE,
    NOT_HIGHEST,
    OUTSIDE_CONTRACT,
    TEST_LEAD,
    VOIDED,
    WAIVED,
)
from pricing.rating.facts import ActionFacts, Decision, RuleFacts
from pricing.rating.match import rank
from pricing.rating.parts import FIXED_FEE, FREE, PAID, TO_MAXIMUM, TO_MINIMUM, Tiered, TierPart, tier_of
from pricing.rating.prices import (
    Counted,
    Graduated,
    GraduatedPercentage,
    Package,
    Percentage,
    PerUnit,
    Volume,
    paid_part,
)

EXCLUDED = {
    VOIDED: "it was voided",
    NOT_BILLABLE: "its action type is not billable",
    TEST_LEAD: "its lead is a test",
    OUTSIDE_CONTRACT: "it occurred outside the customer's contract",
    EXCLUDED_CONTACT: "the lead's e-mail address is at one of the customer's excluded domains",
    WAIVED: "a person waived it",
}
CAPS = {
    PER_LEAD: "The rule's limit per lead",
    PER_PERIOD: "The rule's limit per period",
    BUDGET: "The customer's monthly budget",
}


class Case(NamedTuple):
    """One action under the rule that decided it, and the parts its price is the sum of.

    `total` is what the rule counted in the whole period, which a volume price depends on.
    """

    action: ActionFacts
    rule: RuleFacts
    decision: Decision
    before: Counted
    total: int
    parts: list[TierPart]

    def money(self, amount: int) -> str:
        """`$2.50`, with as many of its six places as it needs."""
        return _in_words(amount, self.rule.currency)

    @property
    def full(self) -> str:
        return self.money(self.decision.full_amount)


@lru_cache(100_000)  # the same few prices again and again, and babel takes its time
def _in_words(amount: int, currency: str) -> str:
    return money.price_in_words(Decimal(amount).scaleb(-PLACES), currency)


def number(counted: int) -> str:
    """Micro-units without the zeros nobody wrote: `3`, `1,250`, `0.5`."""
    return f"{counted // ONE:,}" + (f".{counted % ONE:0{PLACES}d}".rstrip("0") if counted % ONE else "")


def scope(rule: RuleFacts) -> dict[str, str]:
    """What the rule fixes, the weightiest first; empty where it prices everything."""
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
    """Why this rule may price the action at all."""
    fixed = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in scope(rule).items())
    return f"Rule {rule.id} decides: its scope is {fixed or 'everything'}, its priority {rule.priority}."


def of_loser(loser: RuleFacts, winner: RuleFacts, dimension: str) -> str:
    """What another rule that holds the action lost on."""
    if dimension == "priority":
        lost = f"its priority is {loser.priority}, that of {winner.id} is {winner.priority}"
    elif dimension == "effective from":
        lost = f"it began earlier, {written(loser.effective_from)}"
    else:
        lost = f"it leaves the {dimension} open, {winner.id} fixes it"
    return f"Rule {loser.id} holds too and lost on {dimension}: {lost}."


def lost_on(loser: RuleFacts, winner: RuleFacts) -> int:
    """The first dimension the two differ in, as a place in `pricing.rating.match.DIMENSIONS`."""
    pairs = zip(rank(loser), rank(winner), strict=True)
    return next(place for place, (theirs, ours) in enumerate(pairs) if theirs != ours)


def of_exclusion(decision: Decision, rule: RuleFacts | None) -> str:
    """Why an excluded action costs nothing."""
    if decision.reason == ALREADY_CHARGED and rule and rule.once:
        who, days = "person" if rule.once.per_person else "lead", rule.once.within.days
        return (
            f"Not charged: action {decision.paid_by} of the same {who} and action type was charged,"
            f" and this one occurred within {days} days of it."
        )
    if decision.reason == NOT_HIGHEST:
        return f"Not charged: of this lead's actions in the period only the dearest is, action {decision.paid_by}."
    return f"Not charged: {EXCLUDED[decision.reason]}."


def of_cap(case: Case) -> str:
    """What trimmed the price."""
    return f"{CAPS[case.decision.cap]} leaves {case.money(case.decision.amount)} of {case.full}."


def of_price(case: Case) -> list[str]:
    """How the full price was reckoned, part by part."""
    match case.rule.price:
        case PerUnit() as price:
            each = [f"{number(part.counted)} × {case.money(price.unit_price)} = {case.full}." for part in _paid(case)]
            return [*([_counted(case), *_free(case)] if price.free_units else []), *each]
        case Volume() as price:
            return [*_free(case), *_volume(case, price)]
        case Package() as price:
            return [_counted(case), *_free(case), _packages(case, price)]
        case Percentage() as price:
            return list(_percentage(case, price)) if case.action.value else [_without_value(case)]
        case Graduated() as price:
            return [_counted(case), *_free(case), *_tiers(case, price)]
        case GraduatedPercentage() as price:
            return [_counted_value(case), *_tiers(case, price)] if case.action.value else [_without_value(case)]


def _counted(case: Case) -> str:
    before, quantity = case.before.quantity, case.action.quantity
    return f"The rule had counted {number(before)} in the period before this action, and {number(before + quantity)} with it."


def _counted_value(case: Case) -> str:
    before, value = case.before.value, case.action.value or 0
    counted, reached = number(before), number(before + value)
    return f"The rule had counted a value of {counted} in the period before this action, and {reached} with it."


def _without_value(case: Case) -> str:
    return f"The action has {'no value' if case.action.value is None else 'a value of zero'}, so it costs nothing."


def _free(case: Case) -> Iterator[str]:
    return (
        f"{number(part.counted)} of it are in the period's free allowance." for part in case.parts if part.tier == FREE
    )


def _paid(case: Case) -> list[TierPart]:
    return [part for part in case.parts if part.tier != FREE]


def _tiers(case: Case, price: Tiered) -> Iterator[str]:
    by_value = isinstance(price, GraduatedPercentage)
    for part in _paid(case):
        tier, _ = tier_of(price, part.tier)
        counted = f"{number(part.counted)}{' of its value' if by_value else ''}"
        rate = f"{number(tier.rate)} %" if by_value else f"{case.money(tier.rate)} each"
        fee = f" and the flat fee of {case.money(part.flat_fee)} for entering it" if part.flat_fee else ""
        yield f"{counted} in tier {_tier(price, part)} at {rate}{fee}: {case.money(part.amount)}."


def _tier(price: Tiered, part: TierPart) -> str:
    """`2 (above 10, up to 20)`."""
    tier, start = tier_of(price, part.tier)
    bounds = [f"above {number(start)}"] if start or tier.up_to is None else []
    return f"{part.tier} ({', '.join(bounds + ([] if tier.up_to is None else [f'up to {number(tier.up_to)}']))})"


def _volume(case: Case, price: Volume) -> Iterator[str]:
    for part in _paid(case):
        tier, _ = tier_of(price, part.tier)
        yield (
            f"The rule counted {number(case.total)} in the whole period, {number(paid_part(case.total, price.free_units))}"
            f" of them not free: tier {_tier(price, part)} prices all of these at {case.money(tier.rate)} each."
        )
        fee = (
            f" + the flat fee of {case.money(part.flat_fee)}, which the first of the period carries"
            if part.flat_fee
            else ""
        )
        yield f"{number(part.counted)} × {case.money(tier.rate)}{fee} = {case.full}."


def _packages(case: Case, price: Package) -> str:
    size, cost = number(price.package_size), case.money(price.package_price)
    begun = number(sum(part.counted for part in _paid(case)))
    return f"Each package of {size} that is begun costs {cost}; this action begins {begun}: {case.full}."


def _percentage(case: Case, price: Percentage) -> Iterator[str]:
    of = {part.tier: part for part in case.parts}
    if FREE in of:
        yield f"{number(of[FREE].counted)} of its value {number(case.action.value or 0)} are in the period's free allowance."
    if PAID in of:
        yield f"{number(price.percent)} % of {number(of[PAID].counted)} = {case.money(of[PAID].amount)}."
    if FIXED_FEE in of:
        yield f"The fixed fee of {case.money(of[FIXED_FEE].amount)} is added."
    if TO_MINIMUM in of:
        yield f"At least {case.full} is charged for an action."
    if TO_MAXIMUM in of:
        yield f"At most {case.full} is charged for an action."
