"""Limits count what all revisions of a rule charged, even those without the limit."""

from collections import Counter, defaultdict
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.rating.once import pays
from pricing.rating.period import rate_period
from pricing.rating.prices import MICRO, PerUnit, Volume
from pricing.rating.values import ActionFacts, CustomerFacts, Decision, Once, RuleFacts
from tests.pricing.rule_sets import CATALOG, DAY, START, amounts, caps, once, periods, prices, streaming_prices

CUSTOMER = CustomerFacts("ACME", "USD")
MIDDLE = START + 15 * DAY
many = settings(max_examples=150, deadline=None)

limits = st.fixed_dictionaries({"once": once, "cap_per_lead": caps, "cap_per_period": caps})


def revised(price: st.SearchStrategy = prices) -> st.SearchStrategy[list[RuleFacts]]:
    """A rule and its revision from the middle of the month on, each with its own limits, or none."""
    return st.builds(
        lambda first, second, before, after: [
            RuleFacts("r1", "r", first, "USD", START - 30 * DAY, MIDDLE, **before),
            RuleFacts("r2", "r", second, "USD", MIDDLE, **after),
        ],
        price,
        price,
        limits,
        limits,
    )


def rated(actions: list[ActionFacts], rules: list[RuleFacts]) -> list[Decision]:
    return list(rate_period(actions, customer=CUSTOMER, rules=rules, catalog=CATALOG))


@many
@given(periods, revised())
def test_caps_count_what_every_revision_charged(actions: list[ActionFacts], rules: list[RuleFacts]):
    of = {rule.id: rule for rule in rules}
    by_lead, in_period = Counter[object](), 0
    for action, decision in zip(actions, rated(actions, rules), strict=True):
        rule = of.get(decision.rule)
        if rule is None or decision.reason:
            continue
        left = decision.full_amount
        for cap, used in ((rule.cap_per_lead, by_lead[action.lead]), (rule.cap_per_period, in_period)):
            left = left if cap is None else min(left, max(0, cap - used))
        assert decision.amount == left
        by_lead[action.lead] += decision.amount
        in_period += decision.amount


@many
@given(periods, revised())
def test_once_sees_what_every_revision_charged_by_lead_and_by_person(
    actions: list[ActionFacts], rules: list[RuleFacts]
):
    # If a volume's total depends on who pays, and that on what caps left of its price, a charge pays whatever they left.
    readings = [False, True] if any(isinstance(rule.price, Volume) for rule in rules) else [False]
    assert any(is_seen(actions, rules, whatever_caps_left=reading) for reading in readings)


def is_seen(actions: list[ActionFacts], rules: list[RuleFacts], *, whatever_caps_left: bool) -> bool:
    """Whether exactly the actions that another one pays for are skipped, and name it."""
    of = {rule.id: rule for rule in rules}
    paying = list[ActionFacts]()
    for action, decision in zip(actions, rated(actions, rules), strict=True):
        rule = of.get(decision.rule)
        if rule is None:
            continue
        covering = [paid.id for paid in paying if covers(rule, paid, action)]
        if (decision.reason == "already_charged") != bool(covering):
            return False
        full = decision.full_amount
        given = full if whatever_caps_left else decision.amount
        if covering:
            if decision.paid_by not in covering:
                return False
        elif pays(rule.price, action.quantity, action.value, amount=given, full=full):
            paying.append(action)
    return True


def covers(rule: RuleFacts, paid: ActionFacts, action: ActionFacts) -> bool:
    """An independent calculation: same person or lead and type, less than this many days apart."""
    if rule.once is None or paid.action_type != action.action_type:
        return False
    by_person = rule.once.per_person and action.person
    is_same = paid.person == action.person if by_person else paid.lead == action.lead
    if rule.once.per_person and not by_person:
        is_same = is_same and not paid.person  # a lead of an unknown person counts as its own person
    return bool(is_same) and abs(action.occurred_at - paid.occurred_at) < rule.once.within


@many
@given(periods, streaming_prices, st.sampled_from(["cap_per_lead", "cap_per_period"]), amounts)
def test_a_cap_added_by_a_revision_is_for_what_comes_after_as_if_it_had_always_been_there(
    actions: list[ActionFacts], price: object, cap: str, limit: int
):
    first = RuleFacts("r1", "r", price, "USD", START - 30 * DAY, MIDDLE)
    second = replace(first, id="r2", effective_from=MIDDLE, effective_to=None, **{cap: limit})

    added = rated(actions, [first, second])
    always = rated(actions, [replace(first, **{cap: limit}), second])

    after = [place for place, action in enumerate(actions) if action.occurred_at >= MIDDLE]
    assert [added[place] for place in after] == [always[place] for place in after]


def test_a_revision_that_asks_for_the_lead_sees_who_paid_as_a_person_and_the_other_way_round():
    person, lead = Once(per_person=True, within=30 * DAY), Once(per_person=False, within=30 * DAY)
    early = ActionFacts(1, 1, "ann@studio.example", *_about(), START, MICRO)
    late = early._replace(id=2, occurred_at=MIDDLE)
    reasons = defaultdict[str, list[str]](list)
    for name, before, after in (("to person", lead, person), ("to lead", person, lead), ("added", None, person)):
        first = RuleFacts("r1", "r", PerUnit(MICRO), "USD", START - 30 * DAY, MIDDLE, once=before)
        second = replace(first, id="r2", effective_from=MIDDLE, effective_to=None, once=after)
        elsewhere = late._replace(lead=2) if after and after.per_person else late
        reasons[name] = [decision.reason for decision in rated([early, elsewhere], [first, second])]

    assert list(reasons.values()) == [["", "already_charged"]] * 3


def _about() -> tuple[object, object, str]:
    product, source = next(iter(CATALOG.products)), next(iter(CATALOG.sources))
    return product, source, "order"
