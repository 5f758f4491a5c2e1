"""A rule's sentence is exact: pricing by the sentence alone gives the engine's charges.

The reader below knows the clauses of the sentence and no code of rating: fractions, cumulative sums, plain lists.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple, fields, is_dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.rating.counters import Counters
from pricing.rating.highest import conflict_of
from pricing.rating.period import rate_period
from pricing.rating.prices import MICRO, Clause, Graduated, Package, Percentage, PerUnit, Price, Tier, Volume
from pricing.rating.prices.graduated import UnitsByTier
from pricing.rating.prices.graduated_percentage import ValueByTier
from pricing.rating.prices.package import Packages
from pricing.rating.prices.per_unit import EachUnit
from pricing.rating.prices.percentage import FreeActions, FreeActionsOrValue, FreeValue, PercentOfValue
from pricing.rating.prices.tiers import Step
from pricing.rating.prices.units import FreeUnits
from pricing.rating.prices.volume import UnitsByTotal
from pricing.rating.values import ActionFacts, CustomerFacts, Once, RuleFacts
from pricing.wording.numbers import money, number, percent
from pricing.wording.rule import (
    AtMostPerLead,
    AtMostPerPeriod,
    HighestOnly,
    OncePer,
    Terms,
    clauses,
    sentence,
)
from pricing.wording.statement import words as in_words
from pricing.wording.terms import terms_as_data, terms_from_data
from tests.pricing.rule_sets import CATALOG, DAY, START, caps, percentage, periods, prices

CUSTOMER = CustomerFacts("ACME", "USD")
A_MONTH = 31 * DAY
Months = list[list[ActionFacts]]


# --- The reader ----------------------------------------------------------------------------------


class Reader:
    """Prices months of actions by the clauses of a sentence."""

    def __init__(self, sentence: list[Clause]) -> None:
        self.of = {type(clause): clause for clause in sentence}
        self.price: Any = sentence[0]
        self.paid: list[ActionFacts] = []
        self.by_lead: Counter[object] = Counter()

    def amounts(self, months: Months) -> list[int]:
        return [amount for month in months for amount in self.month(month)]

    def month(self, actions: list[ActionFacts]) -> list[int]:
        self.counted, self.value, self.actions, self.charged = Fraction(0), Fraction(0), 0, 0
        self.total = self._total(actions)
        chosen = self._chosen(actions)
        return [self._amount(action, chosen) for action in actions]

    def _amount(self, action: ActionFacts, chosen: dict[object, object] | None) -> int:
        if self._is_paid(action) or (chosen is not None and chosen.get(action.lead) != action.id):
            return 0
        full = PRICES[type(self.price)](self, action)
        amount = full
        if cap := self.of.get(AtMostPerLead):
            amount = min(amount, max(0, cap.limit - self.by_lead[action.lead]))
        if cap := self.of.get(AtMostPerPeriod):
            amount = min(amount, max(0, cap.limit - self.charged))
        self.by_lead[action.lead] += amount
        self.charged += amount
        self.counted += of(action.quantity)
        self.value += of(action.value or 0)
        self.actions += 1
        if amount or (not full and self._took_something(action)):
            self.paid.append(action)
        return amount

    def _took_something(self, action: ActionFacts) -> bool:
        """The part that is free, or in a package already paid."""
        by_value = isinstance(self.price, PercentOfValue | ValueByTier)
        return bool(action.value if by_value else action.quantity) and costs_something(self.price)

    def _is_paid(self, action: ActionFacts) -> bool:
        once: Any = self.of.get(OncePer)
        return once is not None and any(
            who(paid, once) == who(action, once)
            and paid.action_type == action.action_type
            and abs(paid.occurred_at - action.occurred_at) < once.days * DAY
            for paid in self.paid
        )

    def _chosen(self, actions: list[ActionFacts]) -> dict[object, object] | None:
        if HighestOnly not in self.of:
            return None
        best: dict[object, tuple[Fraction, object]] = {}
        for action in actions:
            if not self._is_paid(action):
                worth = alone(self.price, action)
                if action.lead not in best or worth > best[action.lead][0]:
                    best[action.lead] = worth, action.id
        return {lead: action for lead, (_, action) in best.items()}

    def _total(self, actions: list[ActionFacts]) -> Fraction:
        """The actions that reach pricing; a volume with "once" has no caps here, see pricing/README.md."""
        kept, found = list(self.paid), Fraction(0)
        for action in actions:
            if not self._is_paid(action):
                found += of(action.quantity)
                if self._took_something(action):
                    self.paid.append(action)
        self.paid = kept
        return found

    @property
    def free(self) -> Fraction:
        clause: Any = self.of.get(FreeUnits)
        return of(clause.units) if clause else Fraction(0)


def of(micro: int) -> Fraction:
    return Fraction(micro, MICRO)


def in_micro(amount: Fraction) -> int:
    return floor(amount * MICRO + Fraction(1, 2))


def who(action: ActionFacts, once: OncePer) -> object:
    return action.person if once.per_person and action.person else ("lead", action.lead)


def costs_something(clause: Any) -> bool:
    match clause:
        case EachUnit():
            return bool(clause.unit_price)
        case Packages():
            return bool(clause.price)
        case PercentOfValue():
            return bool((clause.percent or clause.fee or clause.minimum) and clause.maximum != 0)
    return any(step.rate or step.fee for step in clause.steps)


def alone(clause: Any, action: ActionFacts) -> Fraction:
    if isinstance(clause, EachUnit):
        return of(action.quantity) * of(clause.unit_price)
    return Fraction(of_value(clause, of(action.value or 0)), MICRO)


def climbed(steps: tuple[Step, ...], reached: Fraction, scale: int) -> Fraction:
    """The total price of everything up to there."""
    cost = Fraction(0)
    for step in steps:
        if reached > of(step.above):
            top = reached if step.up_to is None else min(reached, of(step.up_to))
            cost += of(step.fee) + (top - of(step.above)) * of(step.rate) / scale
    return cost


def each_unit(read: Reader, action: ActionFacts) -> int:
    before, after = read.counted, read.counted + of(action.quantity)
    low, high = (max(Fraction(0), count - read.free) * of(read.price.unit_price) for count in (before, after))
    return in_micro(high) - in_micro(low)


def units_by_tier(read: Reader, action: ActionFacts) -> int:
    before, after = read.counted, read.counted + of(action.quantity)
    return in_micro(climbed(read.price.steps, after, 1)) - in_micro(climbed(read.price.steps, before, 1))


def units_by_total(read: Reader, action: ActionFacts) -> int:
    [step, *_] = [step for step in read.price.steps if step.up_to is None or read.total <= of(step.up_to)]
    before, after = (
        max(Fraction(0), count - read.free) for count in (read.counted, read.counted + of(action.quantity))
    )
    fee = step.fee if after and not before else 0
    return in_micro(after * of(step.rate)) - in_micro(before * of(step.rate)) + fee


def packages(read: Reader, action: ActionFacts) -> int:
    before, after = (
        max(Fraction(0), count - read.free) for count in (read.counted, read.counted + of(action.quantity))
    )
    return (ceil(after / of(read.price.size)) - ceil(before / of(read.price.size))) * read.price.price


def percent_of_value(read: Reader, action: ActionFacts) -> int:
    value = of(action.value or 0)
    return of_value(read.price, value - free_of(read, value))


def free_of(read: Reader, value: Fraction) -> Fraction:
    actions, worth, both = (read.of.get(each) for each in (FreeActions, FreeValue, FreeActionsOrValue))
    free = Fraction(0)
    if isinstance(actions, FreeActions) and read.actions < actions.actions:
        free = value
    if isinstance(worth, FreeValue):
        free = min(value, max(Fraction(0), of(worth.value) - read.value))
    if isinstance(both, FreeActionsOrValue) and read.actions < both.actions:
        free = min(value, max(Fraction(0), of(both.value) - read.value))
    return free


def of_value(clause: PercentOfValue, charged: Fraction) -> int:
    if not charged:
        return 0
    amount = in_micro(charged * of(clause.percent) / 100) + clause.fee
    amount = amount if clause.minimum is None else max(amount, clause.minimum)
    return amount if clause.maximum is None else min(amount, clause.maximum)


def value_by_tier(read: Reader, action: ActionFacts) -> int:
    before, after = read.value, read.value + of(action.value or 0)
    return in_micro(climbed(read.price.steps, after, 100)) - in_micro(climbed(read.price.steps, before, 100))


PRICES: dict[type[Clause], Callable[[Reader, ActionFacts], int]] = {
    EachUnit: each_unit,
    UnitsByTier: units_by_tier,
    UnitsByTotal: units_by_total,
    Packages: packages,
    PercentOfValue: percent_of_value,
    ValueByTier: value_by_tier,
}


# --- What it must find ---------------------------------------------------------------------------


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    price: Price = draw(st.one_of(prices, percentage))
    days = draw(st.sampled_from([0, 0, 2, 30]))
    # A charge cut to zero covers no others, so under "once" it decides a volume's total: see the README.
    cap = st.none() if isinstance(price, Volume) and days else caps
    return Terms(
        currency="USD",
        price=price,
        once_days=days,
        once_per_person=draw(st.booleans()),
        highest_only=draw(st.booleans()) and not conflict_of(price),
        cap_per_lead=draw(cap),
        cap_per_period=draw(cap),
    )


months = st.tuples(periods, periods).map(
    lambda two: [
        [_plain(action, place, number) for place, action in enumerate(actions)] for number, actions in enumerate(two)
    ]
)


def _plain(action: ActionFacts, place: int, month: int) -> ActionFacts:
    """An action that is not excluded, in its month."""
    return action._replace(
        id=month * 1_000 + place,
        action_type="view" if action.action_type == "view" else "order",
        occurred_at=action.occurred_at + month * A_MONTH,
        is_test=False,
        is_voided=False,
        is_waived=False,
        is_disputed=False,
    )


def charged(told: Terms, sent: Months) -> list[int]:
    rule = RuleFacts(
        id="r",
        lineage="r",
        price=told.price,
        currency="USD",
        effective_from=START - A_MONTH,
        once=Once(told.once_per_person, told.once_days * DAY) if told.once_days else None,
        highest_only=told.highest_only,
        cap_per_lead=told.cap_per_lead,
        cap_per_period=told.cap_per_period,
    )
    carried, found = Counters(), list[int]()
    for actions in sent:
        decisions = rate_period(actions, customer=CUSTOMER, rules=[rule], catalog=CATALOG, carried=carried)
        found += [decision.amount for decision in decisions]
        carried = Counters(by_lead=carried.by_lead, paid=carried.paid)
    return found


@settings(max_examples=150, deadline=None)
@given(terms(), months)
def test_who_prices_by_the_sentence_finds_what_the_engine_charges(told: Terms, sent: Months):
    assert Reader(clauses(told)).amounts(sent) == charged(told, sent)


@settings(max_examples=100, deadline=None)
@given(terms())
def test_the_sentence_says_every_number_that_its_clauses_hold(told: Terms):
    words = sentence(told)

    assert [clause for clause in clauses(told) if in_words(clause.statement, "USD") not in words] == []
    assert [missing for clause in clauses(told) for missing in unsaid(clause)] == []


def unsaid(clause: Any) -> list[tuple[str, int]]:
    """The numbers of a clause that its words leave out."""
    held = [(one.name, getattr(clause, one.name)) for one in fields(clause)]
    numbers = [(name, it) for name, it in held if isinstance(it, int) and not isinstance(it, bool)]
    for step in getattr(clause, "steps", ()):
        assert is_dataclass(step)
        numbers += zip(("above", "up_to", "rate", "fee"), astuple(step), strict=True)
    # Fees and allowances of zero are not mentioned; the clause about free units says where the first tier starts.
    optional = {"above", "up_to", "fee", "free_units", "minimum", "maximum"}
    return [(name, it) for name, it in numbers if not (name in optional and not it) and not is_said(name, it, clause)]


def is_said(name: str, it: int, clause: Any) -> bool:
    whole = {money(it, "USD"), number(it), percent(it), f"{it:,}", number(it + MICRO)}
    words = in_words(clause.statement, "USD")
    if name == "free_units":
        return "beyond the free ones" in words
    if name == "above" and isinstance(clause, UnitsByTotal) and it == clause.free_units:
        return True
    return any(form in words for form in whole) or (it in (1, MICRO) and "the first " in words)


@settings(max_examples=100, deadline=None)
@given(terms())
def test_terms_that_were_kept_as_data_say_the_same(told: Terms):
    assert terms_from_data(json.loads(json.dumps(terms_as_data(told)))) == told


# --- What it says --------------------------------------------------------------------------------

TIERS = (Tier(100 * MICRO, 5 * MICRO // 2, MICRO), Tier(500 * MICRO, 2 * MICRO), Tier(None, MICRO, 20 * MICRO))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (Terms("USD", None, highest_only=True), "no price yet, only the highest-priced action of a lead in a period"),
        (Terms("USD", PerUnit(5 * MICRO // 2)), "$2.50 each"),
        (Terms("USD", PerUnit(2 * MICRO, 10 * MICRO)), "$2.00 each, the first 10 units of a period free"),
        (
            Terms("USD", Graduated(TIERS)),
            "$2.50 each for units 1–100 of a period plus $1.00 once per period on entering this tier, then $2.00 each for"
            " units 101–500, then $1.00 each for units 501 and above plus $20.00 once per period on entering this tier",
        ),
        (
            Terms("USD", Graduated((Tier(5 * MICRO // 2, MICRO), Tier(None, 2 * MICRO)), 10 * MICRO)),
            "$1.00 each for units above 10 up to 12.5 of a period, then $2.00 each for units above 12.5, the first 10"
            " units of a period free",
        ),
        (
            Terms("USD", Volume(TIERS, 10 * MICRO)),
            "all units of a period beyond the free ones by the period's total: up to 110 at $2.50 each plus $1.00 once per"
            " period, above 110 up to 510 at $2.00 each, above 510 at $1.00 each plus $20.00 once per period, the first 10"
            " units of a period free",
        ),
        (
            Terms("USD", Package(5 * MICRO, 4 * MICRO, 2 * MICRO)),
            "$4.00 per started package of 5 units in a period beyond the free ones, the first 2 units of a period free",
        ),
        (
            Terms("USD", Percentage(1_500_000, 100_000, MICRO, 12 * MICRO, 3, 150 * MICRO)),
            "1.5% of an action's value plus $0.10, at least $1.00 and at most $12.00 per action, nothing without a value, the"
            " first 3 actions, those without a value counted too, and the first $150.00 of a period's value free until one"
            " of them runs out",
        ),
        (
            Terms("USD", Percentage(2 * MICRO, free_actions=2)),
            "2% of an action's value, nothing without a value, the first 2 actions of a period free, those without a value"
            " counted too",
        ),
        (
            Terms("USD", PerUnit(MICRO), 30, True, True, 25 * MICRO, 60 * MICRO),
            "$1.00 each, once per person and action type in 30 days, only the highest-priced action of a lead in a period,"
            " at most $25.00 per lead over all periods, at most $60.00 per period",
        ),
    ],
)
def test_a_rule_says_what_it_does(told: Terms, words: str):
    assert sentence(told) == words
