"""Once per lead or person, highest only, and caps, on plain values, without a database."""

from dataclasses import replace

from pricing.rating.counters import Counters
from pricing.rating.once import Paid
from pricing.rating.period import rate_period
from pricing.rating.prices import (
    MICRO,
    PerUnit,
)
from pricing.rating.values import (
    ActionFacts,
    Cuts,
    Once,
    RuleFacts,
)
from tests.pricing.world import A_DAY, AN_ORDER, ANY, CATALOG, CUSTOMER, NOON, ORDER, SHOW, TIERS, VIEW, rated

ONCE = replace(ANY, once=Once(per_person=False, within=30 * A_DAY))


def outcomes(*actions: ActionFacts, rules: list[RuleFacts], carried: Counters | None = None) -> list[str]:
    decisions = rate_period(actions, customer=CUSTOMER, rules=rules, catalog=CATALOG, carried=carried)
    return [decision.reason or "charged" for decision in decisions]


def test_once_per_lead_is_measured_from_the_last_charged_one_and_half_open():
    days = [0, 29, 30, 59, 60]
    actions = [AN_ORDER._replace(id=day, occurred_at=NOON + day * A_DAY) for day in days]

    decisions = rated(*actions, rules=[ONCE])

    assert [(decision.reason, decision.paid_by) for decision in decisions] == [
        ("", None),
        ("already_charged", 0),
        ("", None),
        ("already_charged", 30),
        ("", None),
    ]


def test_once_is_per_lead_and_action_type():
    view, other = AN_ORDER._replace(id=2, action_type=VIEW), AN_ORDER._replace(id=3, lead=2)

    assert outcomes(AN_ORDER, view, other, rules=[ONCE]) == ["charged"] * 3


def test_once_per_person_reaches_across_leads_and_sources_and_without_an_address_a_person_is_its_lead():
    rule = replace(ANY, once=Once(per_person=True, within=30 * A_DAY))
    elsewhere = AN_ORDER._replace(id=2, lead=2, source=SHOW)
    nobody = [AN_ORDER._replace(id=number, lead=number, person="") for number in (3, 4)]

    assert outcomes(AN_ORDER, elsewhere, *nobody, rules=[rule]) == ["charged", "already_charged", "charged", "charged"]


def test_the_window_reaches_into_earlier_periods_and_covers_late_activity_on_either_side():
    def carried() -> Counters:
        counters = Counters()
        counters.paid[ANY.lineage, False, 1, ORDER].append(Paid(NOON, 99))
        return counters

    for days, reason in ((-30, "charged"), (-29, "already_charged"), (29, "already_charged"), (30, "charged")):
        action = AN_ORDER._replace(occurred_at=NOON + days * A_DAY)
        assert outcomes(action, rules=[ONCE], carried=carried()) == [reason]


def test_what_is_charged_already_does_not_use_up_tiers():
    again = AN_ORDER._replace(id=2)
    other = AN_ORDER._replace(id=3, lead=2)

    decisions = rated(AN_ORDER, again, other, rules=[replace(ONCE, price=TIERS)])

    assert [decision.counted_before for decision in decisions] == [0, MICRO, MICRO]


def test_of_a_leads_actions_only_the_highest_priced_is_charged_and_the_earliest_of_equals():
    rule = replace(ANY, highest_only=True)
    sizes = [1, 3, 3, 2]
    actions = [AN_ORDER._replace(id=place, quantity=size * MICRO) for place, size in enumerate(sizes)]
    other = AN_ORDER._replace(id=9, lead=2)

    decisions = rated(*actions, other, rules=[rule])

    assert [(decision.reason, decision.paid_by) for decision in decisions] == [
        ("not_highest", 1),
        ("", None),
        ("not_highest", 1),
        ("not_highest", 1),
        ("", None),
    ]


def test_a_person_who_has_paid_for_a_leads_highest_priced_action_is_not_charged_for_its_second():
    rule = replace(ANY, once=Once(per_person=True, within=30 * A_DAY), highest_only=True)
    first = AN_ORDER._replace(id=1, quantity=3 * MICRO)
    cheaper, highest = (
        AN_ORDER._replace(id=number, lead=2, quantity=number * MICRO, action_type=kind, occurred_at=NOON + A_DAY)
        for number, kind in ((2, VIEW), (3, ORDER))
    )

    decisions = rated(first, cheaper, highest, rules=[rule])

    assert [(decision.action, decision.reason, decision.paid_by) for decision in decisions] == [
        (1, "", None),
        (2, "not_highest", 3),
        (3, "already_charged", 1),
    ]


def test_caps_are_per_lead_then_per_period_then_the_budget_and_each_keeps_what_it_cut():
    rule = replace(ANY, price=PerUnit(10 * MICRO), cap_per_lead=15 * MICRO, cap_per_period=22 * MICRO)
    customer = replace(CUSTOMER, hard_budget=21 * MICRO)
    actions = [AN_ORDER._replace(id=place, lead=lead) for place, lead in enumerate([1, 1, 1, 2, 3])]

    decisions = rated(*actions, rules=[rule], customer=customer)

    assert [(decision.amount // MICRO, _whole(decision.cuts)) for decision in decisions] == [
        (10, {}),
        (5, {"per_lead": 5}),
        (0, {"per_lead": 10}),
        (6, {"per_period": 3, "budget": 1}),
        (0, {"per_period": 9, "budget": 1}),
    ]
    assert {decision.full_amount // MICRO for decision in decisions} == {10}


def test_a_limit_per_lead_reaches_over_all_periods():
    counters = Counters()
    counters.by_lead[ANY.lineage, 1] = MICRO
    rule = replace(ANY, cap_per_lead=2 * MICRO)

    [decision] = rate_period([AN_ORDER], customer=CUSTOMER, rules=[rule], catalog=CATALOG, carried=counters)

    assert (decision.amount, decision.cuts) == (MICRO, (("per_lead", MICRO),))


def _whole(cuts: Cuts) -> dict[str, int]:
    return {cap: cut // MICRO for cap, cut in cuts}
