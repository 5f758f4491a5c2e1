"""What 1, 10, 100 and 1,000 actions of one unit each cost in a period by a rule alone, as rating prices them."""

from dataclasses import dataclass, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from pricing.domain.rate.charges import to_decimal
from pricing.domain.rate.inputs import rule_facts
from pricing.models import PriceRule
from pricing.rating.instants import Instant
from pricing.rating.period import rate_period
from pricing.rating.prices import MICRO
from pricing.rating.values import (
    ActionFacts,
    ActionId,
    Catalog,
    CustomerFacts,
    CustomerId,
    KindId,
    LeadId,
    ProductFacts,
    ProductId,
    RuleFacts,
    SourceFacts,
    SourceId,
)

HOW_MANY = (1, 10, 100, 1_000)
VALUE = 100  # of each action, for prices of a value
START = Instant(0)
PRODUCT, SOURCE, KIND, CUSTOMER = ProductId(0), SourceId(0), KindId(0), CustomerId(0)
CATALOG = Catalog({PRODUCT: ProductFacts(PRODUCT, "")}, {SOURCE: SourceFacts(SOURCE, "")}, {KIND: True})


@dataclass(frozen=True, slots=True)
class Cost:
    """What so many actions cost by a rule, and by the one that it replaces, if any."""

    units: int
    amount: Decimal
    before: Decimal | None


def costs_of(rule: PriceRule, *, replaced: PriceRule | None = None) -> list[Cost]:
    """The table's rows. Each action is of another lead, so that limits per lead cut none of them twice.

    ValueError, with a sentence, if the rule's price is incomplete.
    """
    ours, theirs = _alone(rule), None if replaced is None else _alone(replaced)
    return [
        Cost(units, _cost(ours, units, rule.currency), None if theirs is None else _cost(theirs, units, rule.currency))
        for units in HOW_MANY
    ]


def _alone(rule: PriceRule) -> RuleFacts:
    """The rule as if it priced everything at all times."""
    return replace(
        rule_facts(rule, ZoneInfo("UTC")),
        effective_from=START,
        effective_to=None,
        customer=None,
        product=None,
        category="",
        source=None,
        channel="",
        action_type=None,
    )


def _cost(rule: RuleFacts, units: int, currency: str) -> Decimal:
    actions = [_action(number) for number in range(units)]
    customer = CustomerFacts(CUSTOMER, currency)
    decisions = rate_period(actions, customer=customer, rules=[rule], catalog=CATALOG)
    return to_decimal(sum(decision.amount for decision in decisions))


def _action(number: int) -> ActionFacts:
    return ActionFacts(
        id=ActionId(number),
        lead=LeadId(number),
        person=str(number),
        product=PRODUCT,
        source=SOURCE,
        action_type=KIND,
        occurred_at=START,
        quantity=MICRO,  # type: ignore[arg-type]  # one unit
        value=VALUE * MICRO,  # type: ignore[arg-type]  # micro-units
    )
