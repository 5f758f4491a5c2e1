"""Random rule sets, customers and actions, for the properties of rating."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from pricing.rating.highest import conflict_of
from pricing.rating.instants import moment, stretch
from pricing.rating.prices import (
    MICRO,
    Graduated,
    GraduatedPercentage,
    Package,
    Percentage,
    PerUnit,
    Price,
    Tier,
    Volume,
)
from pricing.rating.values import (
    ActionFacts,
    Catalog,
    CustomerFacts,
    Once,
    ProductFacts,
    RuleFacts,
    SourceFacts,
)

START = moment(datetime(2026, 3, 1, tzinfo=UTC))
MINUTE, DAY = stretch(timedelta(minutes=1)), stretch(timedelta(days=1))
MINUTES = 31 * 24 * 60
PRODUCTS = (ProductFacts("TILE", "tiles"), ProductFacts("SLAB", "stone"), ProductFacts("SILL", "stone"))
SOURCES = (SourceFacts("web", "website"), SourceFacts("show", "trade_show"))
TYPES = ("order", "view", "internal")
CATALOG = Catalog(
    products={product: product for product in PRODUCTS},
    sources={source: source for source in SOURCES},
    is_billable={"order": True, "view": True, "internal": False},
)

# Whole units, fractions and millionths; zero too.
amounts = st.one_of(
    st.integers(0, 30).map(lambda whole: whole * MICRO),
    st.integers(0, 30 * MICRO),
    st.sampled_from([0, 1, 499_999, 500_000]),
)
sizes = amounts.filter(bool)
percents = st.integers(0, 30 * MICRO)
instants = st.integers(0, MINUTES).map(lambda minutes: START + minutes * MINUTE)


@st.composite
def tiers(draw: st.DrawFn) -> tuple[Tier, ...]:
    ends = sorted(draw(st.sets(sizes, max_size=3)))
    return tuple(Tier(end, draw(amounts), draw(st.one_of(st.just(0), amounts))) for end in [*ends, None])


free = st.one_of(st.just(0), amounts)
graduated = st.builds(Graduated, tiers(), free)
volume = st.builds(Volume, tiers(), free)
per_unit = st.builds(PerUnit, amounts, free)
package = st.builds(Package, sizes, amounts, free)
graduated_percentage = st.builds(GraduatedPercentage, tiers())
percentage = st.builds(
    Percentage,
    percent=percents,
    fixed_fee=free,
    minimum=st.none() | amounts,
    maximum=st.none() | amounts.map(lambda amount: amount + 31 * MICRO),
    free_actions=st.integers(0, 3),
    free_value=free,
)
streaming_prices = st.one_of(per_unit, graduated, package, percentage, graduated_percentage)
prices = st.one_of(streaming_prices, volume)


# Mostly open, so that rules meet actions and each other.
once = st.sampled_from(
    [None, None, *(Once(per_person, days * DAY) for per_person in (False, True) for days in (2, 30))]
)
caps = st.one_of(st.none(), st.none(), amounts)
begins = st.sampled_from([-30, -30, -30, 0, 10]).map(lambda days: START + days * DAY)


def rules(price: st.SearchStrategy[Price] = prices, *, highest: bool = True) -> st.SearchStrategy[RuleFacts]:
    return st.builds(
        _rule,
        number=st.integers(1, 10**6),
        scope=st.fixed_dictionaries(
            {
                "customer": st.sampled_from([None, "ACME", "ACME", "OTHER"]),
                "product": st.sampled_from([None, None, None, "TILE", "SLAB"]),
                "category": st.sampled_from(["", "", "", "tiles", "stone"]),
                "source": st.sampled_from([None, None, None, "web"]),
                "channel": st.sampled_from(["", "", "", "website"]),
                "action_type": st.sampled_from([None, None, "order", "view"]),
            }
        ),
        price=price,
        currency=st.sampled_from(["USD"] * 5 + ["EUR"]),
        effective_from=begins,
        lasts=st.sampled_from([None, None, None, 0, 20, 45]),
        priority=st.integers(0, 1),
        once=once,
        highest_only=st.sampled_from([False, highest, highest]),
        cap_per_lead=caps,
        cap_per_period=caps,
    )


def _rule(
    number: int, scope: dict[str, Any], effective_from: int, lasts: int | None, *, highest_only: bool, **rest: Any
) -> RuleFacts:
    end = None if lasts is None else effective_from + lasts * DAY
    rest["highest_only"] = highest_only and not conflict_of(rest["price"])
    return RuleFacts(id=number, lineage=number, effective_from=effective_from, effective_to=end, **scope, **rest)


def rule_sets(price: st.SearchStrategy[Price] = prices, *, highest: bool = True) -> st.SearchStrategy[list[RuleFacts]]:
    """Without duplicate ids, and without duplicates of scope, currency and priority, which could not be activated."""
    return st.lists(rules(price, highest=highest), min_size=1, max_size=5, unique_by=(lambda rule: rule.id, _place))


def _place(rule: RuleFacts) -> tuple[object, ...]:
    scope = rule.customer, rule.product, rule.category, rule.source, rule.channel, rule.action_type
    return *scope, rule.currency, rule.priority


customers = st.builds(
    CustomerFacts,
    id=st.just("ACME"),
    currency=st.just("USD"),
    contract_start=st.sampled_from([None, None, None, START + 5 * DAY]),
    contract_end=st.sampled_from([None, None, None, START + 25 * DAY]),
    excluded_domains=st.sampled_from([frozenset(), frozenset({"rival.example"})]),
    hard_budget=st.one_of(st.none(), st.none(), amounts.map(lambda amount: 5 * amount)),
)

rarely = st.sampled_from([False] * 15 + [True])
LEADS = (1, 2, 3)
people = st.sampled_from(["", "ann@studio.example", "ann@studio.example", "bob@studio.example", "eve@rival.example"])
actions = st.builds(
    ActionFacts,
    id=st.integers(1, 10**6),
    lead=st.sampled_from(LEADS),
    person=people,
    product=st.sampled_from(PRODUCTS),
    source=st.sampled_from(SOURCES),
    action_type=st.sampled_from(["order"] * 4 + ["view"] * 4 + ["internal"]),
    occurred_at=instants,
    quantity=amounts,
    value=st.none() | amounts,
    is_test=rarely,
    is_voided=rarely,
    is_waived=rarely,
    period=st.none(),
)


def _of_their_leads(found: list[ActionFacts], persons: dict[int, str]) -> list[ActionFacts]:
    """In rating order, each with the person of its lead: a person is a fact about the lead, never about one action."""
    known = [action._replace(person=persons[action.lead]) for action in found]
    return sorted(known, key=lambda action: (action.occurred_at, action.id))


periods = st.builds(
    _of_their_leads,
    st.sampled_from([1, 2, 3, 5, 8, 12, 18]).flatmap(
        lambda size: st.lists(actions, min_size=size, max_size=size, unique_by=lambda action: action.id)
    ),
    st.fixed_dictionaries(dict.fromkeys(LEADS, people)),
)
