"""Decide with this process's code, compiled or not, so that a test can compare two processes.

`python -m tests.pricing.rating.deciding` reads one case a line, as Python, and prints its lines as JSON; then those of
the large periods, which are the same everywhere.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

from pricing.domain.rate.charges import charge_lines
from pricing.rating import IS_COMPILED, prices, values
from pricing.rating.counters import Counters
from pricing.rating.period import rate_period
from pricing.rating.prices import Graduated, GraduatedPercentage, Package, Percentage, PerUnit, Price, Tier, Volume
from pricing.rating.unpriceable import Unpriceable
from pricing.rating.values import ActionFacts, CustomerFacts, Decision, Once, RuleFacts
from tests.pricing.rule_sets import CATALOG, DAY, MINUTE, PRODUCTS, SOURCES, START

PERIOD = 1
SEEDS = range(6)
ACTIONS = 3_000
MONTH = 28 * DAY

Case = tuple[list[ActionFacts], list[RuleFacts], CustomerFacts]


def main() -> None:
    print(json.dumps(IS_COMPILED))
    for line in sys.stdin:
        print(json.dumps(decided(line)))
    print(json.dumps(decided_in_large_periods()))


def decided(case: str) -> list[str]:
    """The decisions on a case that is written as Python."""
    return list(_decided(*eval(case, vars(values) | vars(prices)), Counters()))


def decided_in_large_periods() -> list[str]:
    """The decisions on thousands of actions in two months each, under all kinds of rules at once."""
    found = list[str]()
    for seed in SEEDS:
        draw, carried = Random(seed), Counters()
        rules, customer = _rules(draw), _customer(draw)
        for month in range(2):
            found += _decided(_actions(draw, month), rules, customer, carried)
            carried = Counters(by_lead=carried.by_lead, paid=carried.paid)
    return found


def _decided(
    actions: list[ActionFacts], rules: list[RuleFacts], customer: CustomerFacts, counters: Counters
) -> Iterator[str]:
    faults: dict[Any, str] = {}
    decisions = rate_period(actions, customer=customer, rules=rules, catalog=CATALOG, carried=counters, faults=faults)
    yield from map(_stored, decisions)
    yield repr(faults)
    kept = (counters.counted, counters.by_rule, counters.by_lead, counters.paid)
    yield repr(([sorted(each.items(), key=repr) for each in kept], counters.charged))


def _stored(decision: Decision) -> str:
    """The line that COPY reads; unrated actions have none."""
    return repr(decision) if decision.is_unrated else charge_lines(PERIOD, [decision])


def _rules(draw: Random) -> list[RuleFacts]:
    options: Iterable[dict[str, Any]] = (
        {},
        {"once": Once(per_person=False, within=5 * DAY)},
        {"once": Once(per_person=True, within=9 * DAY), "cap_per_period": 10**12},
        {"cap_per_lead": 70_000_001, "cap_per_period": 4 * 10**9},
        {"highest_only": True},
        {"cap_per_lead": 0},
    )
    return [
        RuleFacts(
            id=number,
            lineage=number - number % 2,
            price=price,
            currency="USD",
            effective_from=START - 40 * DAY + draw.randrange(60) * DAY,
            effective_to=START + 30 * DAY + draw.randrange(60) * DAY,
            product=draw.choice((None, *PRODUCTS)),
            channel=draw.choice(("", "", "website")),
            action_type=draw.choice((None, "order", "view")),
            priority=draw.randrange(9),
            **({} if option.get("highest_only") and not price.stands_alone else option),
        )
        for number, (price, option) in enumerate(
            (price, option) for option in options for price in _prices(draw, is_alone="highest_only" in option)
        )
    ]


def _prices(draw: Random, *, is_alone: bool) -> list[Price]:
    def tiers() -> tuple[Tier, ...]:
        ends = sorted(draw.sample(range(1, 10**9), k=3))
        return tuple(Tier(end, draw.randrange(10**7), draw.randrange(10**7)) for end in [*ends, None])

    free = 0 if is_alone else draw.randrange(10**8)
    return [
        PerUnit(draw.randrange(10**7), free),
        PerUnit(10**20 + draw.randrange(10**20)),  # beyond 64 bits
        Graduated(tiers(), free),
        Volume(tiers(), free),
        Package(draw.randrange(1, 10**8), draw.randrange(10**8), free),
        Percentage(draw.randrange(10**8), 150_000, 2_000_000, 90_000_000, 0 if is_alone else 7, free),
        GraduatedPercentage(tiers()),
        Unpriceable("Its price is missing."),
    ]


def _customer(draw: Random) -> CustomerFacts:
    return CustomerFacts(
        id="ACME",
        currency="USD",
        contract_start=draw.choice((None, START + 3 * DAY)),
        contract_end=draw.choice((None, START + 50 * DAY)),
        excluded_domains=draw.choice((frozenset(), frozenset({"rival.example"}))),
        hard_budget=draw.choice((None, 10**10, 10**24)),
    )


def _actions(draw: Random, month: int) -> list[ActionFacts]:
    people = [f"person{number}@{'rival' if number % 9 == 0 else 'studio'}.example" for number in range(150)]
    found = list[ActionFacts]()
    for number in range(ACTIONS):
        lead = draw.randrange(400)
        found.append(
            ActionFacts(
                id=month * ACTIONS + number,
                lead=lead,
                person=people[lead % 150] if lead % 5 else "",
                product=PRODUCTS[lead % len(PRODUCTS)],
                source=SOURCES[lead % len(SOURCES)],
                action_type=draw.choice(("order", "order", "view", "internal")),
                occurred_at=START + month * MONTH + draw.randrange(28 * 24 * 60) * MINUTE,
                quantity=draw.choice((0, 1, 499_999, 1_000_000, 3_000_000, draw.randrange(10**9), 10**21)),
                value=draw.choice((None, 0, 1, draw.randrange(10**10), 10**22)),
                is_test=draw.random() < 0.02,
                is_voided=draw.random() < 0.02,
                is_waived=draw.random() < 0.02,
            )
        )
    return sorted(found, key=lambda action: (action.occurred_at, action.id))


if __name__ == "__main__":
    main()
