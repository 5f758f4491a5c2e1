"""Facts of the catalog change over time: each action is judged by those of its own moment, in whatever order they come."""

from dataclasses import replace

from pricing.rating.exclude import NOT_BILLABLE
from pricing.rating.match import RuleBook
from pricing.rating.period import rate_period
from pricing.rating.prices import MICRO, PerUnit
from pricing.rating.values import ProductFacts, SourceFacts
from tests.pricing.world import A_DAY, AN_ORDER, ANY, CATALOG, CUSTOMER, NOON, ORDER, SHOW, STONE, TILE, WEB

TILES = replace(ANY, id=2, lineage=2, price=PerUnit(3 * MICRO), category="tiles")
STONES = replace(ANY, id=3, lineage=3, price=PerUnit(4 * MICRO), category="stone")
FAIRS = replace(ANY, id=4, lineage=4, price=PerUnit(5 * MICRO), channel="trade_show")
CHANGED = replace(
    CATALOG,
    products_later={TILE: [(NOON + A_DAY, ProductFacts(TILE, "stone")), (NOON + 3 * A_DAY, ProductFacts(TILE, ""))]},
    sources_later={WEB: [(NOON + 4 * A_DAY, SourceFacts(WEB, "trade_show"))]},
    is_billable_later={ORDER: [(NOON + 2 * A_DAY, False), (NOON + 3 * A_DAY, True)]},
)
DAYS = [AN_ORDER._replace(id=day, occurred_at=NOON + day * A_DAY) for day in range(5)]
OUTCOMES = [(2, ""), (3, ""), (None, NOT_BILLABLE), (1, ""), (4, "")]


def test_each_action_is_priced_by_the_facts_of_its_own_day():
    found = rate_period(DAYS, customer=CUSTOMER, rules=[ANY, TILES, STONES, FAIRS], catalog=CHANGED)

    assert [(decision.rule, decision.reason) for decision in found] == OUTCOMES


def test_a_fact_changes_at_its_very_first_moment():
    before = AN_ORDER._replace(occurred_at=NOON + A_DAY - 1)
    book = RuleBook([TILES, STONES], CUSTOMER, CHANGED)

    assert [rule and rule.id for rule in map(book.winner, (before, DAYS[1]))] == [2, 3]


def test_the_order_in_which_actions_are_looked_at_does_not_matter():
    book = RuleBook([ANY, TILES, STONES, FAIRS], CUSTOMER, CHANGED)

    winners = {action.id: book.winner(action) for action in [*reversed(DAYS), *DAYS]}

    assert [rule and rule.id for _, rule in sorted(winners.items())] == [2, 3, 3, 1, 4]


def test_other_products_and_sources_stay_as_they_are():
    stone = AN_ORDER._replace(product=STONE, source=SHOW)
    book = RuleBook([ANY, TILES, STONES], CUSTOMER, CHANGED)

    assert [book.winner(stone._replace(occurred_at=NOON + day * A_DAY)) for day in range(5)] == [STONES] * 5
