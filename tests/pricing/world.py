"""A small world of plain values for the tests of rating: one customer, two products, two sources, three action types."""

from datetime import UTC, datetime, timedelta

from pricing.rating.instants import moment, stretch
from pricing.rating.match import RuleBook
from pricing.rating.period import rate_period
from pricing.rating.prices import (
    MICRO,
    Graduated,
    PerUnit,
    Tier,
)
from pricing.rating.values import (
    ActionFacts,
    Catalog,
    CustomerFacts,
    Decision,
    ProductFacts,
    RuleFacts,
    SourceFacts,
)

ACME, OTHER = 7, 8
TILE, STONE = 1, 2
WEB, SHOW = 1, 2
ORDER, VIEW, INTERNAL = 1, 2, 3
NOON = moment(datetime(2026, 10, 15, 12, tzinfo=UTC))
A_SECOND, A_DAY = stretch(timedelta(seconds=1)), stretch(timedelta(days=1))

CUSTOMER = CustomerFacts(id=ACME, currency="USD")
CATALOG = Catalog(
    products={TILE: ProductFacts(TILE, "tiles"), STONE: ProductFacts(STONE, "stone")},
    sources={WEB: SourceFacts(WEB, "website"), SHOW: SourceFacts(SHOW, "trade_show")},
    is_billable={ORDER: True, VIEW: True, INTERNAL: False},
)
AN_ORDER = ActionFacts(1, 1, "ann@studio.example", TILE, WEB, ORDER, NOON, MICRO)
ANY = RuleFacts(
    id=1, lineage=1, price=PerUnit(2 * MICRO), currency="USD", effective_from=moment(datetime(2026, 1, 1, tzinfo=UTC))
)
TIERS = Graduated((Tier(10 * MICRO, MICRO), Tier(None, MICRO // 2, flat_fee=5 * MICRO)))


def rated(*actions: ActionFacts, rules: list[RuleFacts], customer: CustomerFacts = CUSTOMER) -> list[Decision]:
    return list(rate_period(actions, customer=customer, rules=rules, catalog=CATALOG))


def winner(*rules: RuleFacts, action: ActionFacts = AN_ORDER) -> RuleFacts | None:
    return RuleBook(rules, CUSTOMER, CATALOG).winner(action)
