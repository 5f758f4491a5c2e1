"""Which rules could price an action: those that match, ranked as rating ranks them, near misses, and drafts that would win."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from billing_engine.core.calendar.wall_clock import in_words, local_time
from leads.models import Channel
from pricing.domain.rate.inputs import rule_facts
from pricing.domain.rule_book.example import RELATED, Example, Priced, price_example
from pricing.models import PriceRule
from pricing.rating.match import DIMENSIONS, rank

NEAR, DRAFTS = 5, 5
PRIORITY, *NAMED, STARTS = DIMENSIONS


@dataclass(frozen=True, slots=True)
class Ranked:
    """A rule that matches: its rank dimension by dimension, and the dimension on which it lost, "" for the winner."""

    rule: PriceRule
    priority: int
    names: tuple[
        tuple[str, bool], ...
    ]  # whether it fixes a value: customer, product, category, source, channel, action type
    lost_on: str


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A rule that would match but for one thing."""

    rule: PriceRule
    why: str


@dataclass(frozen=True, slots=True)
class WouldWin:
    """A draft that would price the action, and for how much, if it were active."""

    draft: PriceRule
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Found:
    """What could price an example."""

    priced: Priced
    ranked: list[Ranked]
    near: list[NearMiss]
    drafts: list[WouldWin]


def find_rules(example: Example) -> Found:
    """Return what prices the example and what nearly does."""
    priced = price_example(example)
    matching = [priced.winner, *(loser.rule for loser in priced.losers)] if priced.winner else []
    return Found(priced, list(_ranked(example, matching)), list(_near(example)), list(_drafts(example)))


def _ranked(example: Example, rules: list[PriceRule]) -> Iterator[Ranked]:
    ranks = [rank(rule_facts(rule, example.customer.zone)) for rule in rules]
    for rule, its in zip(rules, ranks, strict=True):
        lost = next((name for name, best, own in zip(DIMENSIONS, ranks[0], its, strict=True) if best != own), "")
        yield Ranked(rule, rule.priority, tuple(zip(NAMED, its[1:-1], strict=True)), lost)


def _conditions(example: Example) -> dict[str, Q]:
    """What a rule must meet to match, by what keeps it out otherwise."""
    clock = local_time(example.occurred_at, example.customer.zone)
    return {
        "product": Q(product=None) | Q(product=example.product),
        "category": Q(category="") | Q(category=example.category),
        "source": Q(source=None) | Q(source=example.source),
        "channel": Q(channel="") | Q(channel=example.channel),
        "action type": Q(action_type=None) | Q(action_type=example.action_type),
        "begins": Q(wall_from__lte=clock),
        "ends": Q(wall_to=None) | Q(wall_to__gt=clock),
    }


def _near(example: Example) -> Iterator[NearMiss]:
    """Rules in force, or scheduled, of which exactly one condition fails, best first."""
    conditions = _conditions(example)
    fails = sum((_fails(met) for met in conditions.values()), Value(0))
    rules = _read(PriceRule.objects.in_force().open_to(example.customer).annotate(fails=fails).filter(fails=1))
    another_act = _fails(conditions["action type"])  # says the least, so it comes last
    for rule in rules.order_by(another_act, "-priority", "-customer", "-wall_from", "-pk")[:NEAR]:
        yield NearMiss(rule, _why(rule, example))


def _fails(met: Q) -> Case:
    return Case(When(met, then=Value(0)), default=Value(1), output_field=IntegerField())


def _why(rule: PriceRule, example: Example) -> str:
    clock = local_time(example.occurred_at, example.customer.zone)
    if rule.product_id not in (None, example.product.pk):
        return f"Product: it names {rule.product}, this is {example.product}."
    if rule.category not in ("", example.category):
        return f"Category: it names {rule.category}, this is {example.category or 'none'}."
    if rule.source_id not in (None, example.source.pk):
        return f"Source: it names {rule.source}, this is {example.source}."
    if rule.channel not in ("", example.channel):
        ours = Channel(example.channel).label.lower() if example.channel else "none"
        return f"Channel: it names {Channel(rule.channel).label.lower()}, this is {ours}."
    if rule.action_type_id not in (None, example.action_type.pk):
        return f"Action type: it names {rule.action_type}, this is {example.action_type}."
    if rule.wall_from > clock:
        return f"Day: it starts {in_words(rule.wall_from)}."
    assert rule.wall_to is not None  # noqa: S101 -- the one condition left
    return f"Day: it ended {in_words(rule.wall_to)}."


def _drafts(example: Example) -> Iterator[WouldWin]:
    matching = PriceRule.objects.filter(state=PriceRule.State.DRAFT).open_to(example.customer)
    for met in _conditions(example).values():
        matching = matching.filter(met)
    for draft in _read(matching).order_by("-pk")[:DRAFTS]:
        try:
            priced = price_example(example, draft=draft)
        except ValueError:  # its price is incomplete
            continue
        if priced.winner is not None and priced.winner.pk == draft.pk:
            yield WouldWin(draft, priced.amount)


def _read(rules: QuerySet[PriceRule]) -> QuerySet[PriceRule]:
    return rules.select_related(*RELATED, "product__customer").prefetch_related("tiers")
