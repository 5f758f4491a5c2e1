"""Answers of the explorer equal sums that the test makes of the charges itself, by any grouping."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from leads.models import Action, Customer, Lead
from pricing.models import Charge
from reports.domain.question.days import Days
from reports.domain.question.faults import BadQuestion
from reports.domain.question.question import Question
from reports.queries.explore.answer import Answer, Group, answer_of
from tests.reports.random_company import RATED_AT, a_random_company

EVERYTHING = Days.read("2026-08-01..2026-11-30")
GROUPS = ("customer", "product", "category", "source", "channel", "action_type", "rule", "outcome", "period")
TIMES = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True)
class Fact:
    """One action as the test sees it."""

    keys: dict[str, Any]
    currency: str
    outcome: str
    quantity: Decimal
    amount: Decimal


def facts() -> Iterator[Fact]:
    charges = {charge.pk: charge for charge in Charge.objects.select_related("rule")}
    for action in Action.objects.select_related("lead__product__customer", "lead__source", "period", "action_type"):
        customer, charge = action.lead.product.customer, charges.get(action.pk)
        day = action.occurred_at.astimezone(ZoneInfo(customer.time_zone)).date()
        outcome = charge.reason or ("charged" if charge.amount else "included") if charge else "unrated"
        keys = {
            "customer": customer.pk,
            "product": action.lead.product_id,
            "category": action.lead.product.facts_on(day).category,
            "source": action.lead.source_id,
            "channel": action.lead.source.facts_on(day).channel,
            "action_type": action.action_type_id,
            "rule": charge.rule.lineage if charge and charge.rule else None,
            "outcome": outcome,
            "period": action.period.label,
        } | times(day)
        yield Fact(keys, customer.currency, outcome, action.quantity, charge.amount if charge else Decimal(0))


def times(day: date) -> dict[str, date]:
    quarter = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    monday = day - timedelta(days=day.weekday())
    return {"day": day, "week": monday, "month": day.replace(day=1), "quarter": quarter, "year": date(day.year, 1, 1)}


def summed(
    keys: list[str], keep: Callable[[Fact], bool] = lambda _: True
) -> dict[tuple[Any, ...], tuple[Decimal, ...]]:
    """Amount, actions, charged, excluded, unrated, and quantity of what is charged or included, by currency and keys."""
    sums: dict[tuple[Any, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 6)
    for fact in filter(keep, facts()):
        counted = fact.outcome in ("charged", "included")
        values = (
            fact.amount,
            1,
            fact.outcome == "charged",
            not counted and fact.outcome != "unrated",
            fact.outcome == "unrated",
            fact.quantity if counted else 0,
        )
        into = sums[(fact.currency, *(fact.keys[key] for key in keys))]
        for place, value in enumerate(values):
            into[place] += value
    return {key: tuple(values) for key, values in sums.items()}


SHOWN = ("amount", "actions", "charged", "excluded", "unrated", "quantity")


def answered(question: Question) -> dict[tuple[Any, ...], tuple[Decimal, ...]]:
    answer = answer_of(question, at=RATED_AT)
    found = dict[tuple[Any, ...], tuple[Decimal, ...]]()
    for currency, group in answer.by_currency.items():
        for keys, leaf in _leaves((currency,), group):
            if question.columns:
                found |= {(*keys, column): _figures(sums, question) for column, sums in leaf.by_column.items()}
            else:
                found[keys] = _figures(leaf.total, question)
    return found


def _leaves(keys: tuple[Any, ...], group: Group) -> Iterator[tuple[tuple[Any, ...], Group]]:
    if not group.inside:
        yield keys, group
    for key, inside in group.inside.items():
        yield from _leaves((*keys, key), inside)


def _figures(figures: Any, question: Question) -> tuple[Decimal, ...]:
    return tuple(figures.value(measure) for measure in question.measures)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2])
def test_every_grouping_of_a_random_company_equals_the_sums_of_its_charges(seed: int) -> None:
    a_random_company(seed)

    for place, group in enumerate((*GROUPS, *TIMES)):
        other = (*GROUPS, *TIMES)[(place + seed) % len((*GROUPS, *TIMES))]
        for groups, columns in (((group,), ""), ((group, other), ""), ((other,), group if group in TIMES[1:] else "")):
            question = Question(show=SHOWN, group=groups, columns=columns, days=EVERYTHING)
            assert answered(question) == summed([*groups, *([columns] if columns else [])]), question


@pytest.mark.django_db
def test_a_day_of_the_filter_is_the_same_day_of_the_grouping_also_when_clocks_change() -> None:
    a_random_company(3)
    by_day = answered(Question(show=SHOWN, group=("day",), days=EVERYTHING))

    for day in (date(2026, 9, 27), date(2026, 10, 25), date(2026, 11, 1), date(2026, 10, 31)):
        of_day = answered(Question(show=SHOWN, group=(), days=Days.read(day.isoformat())))
        assert of_day == {(currency,): figures for (currency, key), figures in by_day.items() if key == day}


@pytest.mark.django_db
def test_today_is_each_customers_own_day() -> None:
    a_random_company(4)
    at = datetime(2026, 10, 31, 11, 30, tzinfo=UTC)  # November 1, 0:30 in Auckland

    found = answer_of(Question(show=("amount", "actions"), group=("customer",), days=Days("today")), at=at)

    def is_today(fact: Fact) -> bool:
        zone = Customer.objects.get(pk=fact.keys["customer"]).zone
        return bool(fact.keys["day"] == at.astimezone(zone).date())

    expected = {key: figures[:2] for key, figures in summed(["customer"], is_today).items()}
    assert {
        (currency, key): (inside.total.sums["amount"], inside.total.sums["actions"])
        for currency, group in found.by_currency.items()
        for key, inside in group.inside.items()
    } == expected


@pytest.mark.django_db
def test_filters_keep_what_they_name_and_nothing_else() -> None:
    customers = a_random_company(5)
    product = customers[0].products.first()
    assert product is not None
    for name, values, keys in (
        ("customer", ("c0", "C2"), {customers[0].pk, customers[2].pk}),
        ("product", (str(product.pk),), {product.pk}),
        ("category", ("moved", "cat1"), {"moved", "cat1"}),
        ("channel", ("webinar",), {"webinar"}),
        ("outcome", ("charged", "voided"), {"charged", "voided"}),
        ("period", ("2026-10",), {"2026-10"}),
    ):
        question = Question(show=SHOWN, group=("month",), days=EVERYTHING, filters=((name, values),))
        assert answered(question) == summed(["month"], lambda fact: fact.keys[name] in keys), name  # noqa: B023 -- used at once


@pytest.mark.django_db
def test_leads_are_counted_once_each_on_the_day_they_were_received() -> None:
    a_random_company(6)
    question = Question(
        show=("leads", "amount", "per_lead"), group=("source",), days=Days.read("2026-10-01..2026-10-31")
    )

    found = answer_of(question, at=RATED_AT)

    expected: dict[tuple[str, int], int] = defaultdict(int)
    for lead in Lead.objects.filter(is_test=False).select_related("product__customer"):
        customer = lead.product.customer
        if lead.received_at.astimezone(customer.zone).date().replace(day=1) == date(2026, 10, 1):
            expected[customer.currency, lead.source_id] += 1
    assert {
        (currency, key): inside.total.sums["leads"]
        for currency, group in found.by_currency.items()
        for key, inside in group.inside.items()
        if inside.total.sums.get("leads")
    } == expected


def test_leads_are_not_offered_by_what_a_leads_actions_differ_in() -> None:
    with pytest.raises(BadQuestion, match="Leads can't be shown by action type"):
        Question(show=("leads",), group=("customer", "action_type"))


@pytest.mark.django_db
def test_a_ratio_is_made_of_sums_and_never_of_ratios() -> None:
    a_random_company(7)
    found = answer_of(Question(show=("average",), group=("source", "day"), days=EVERYTHING), at=RATED_AT)

    for currency, (amount, _, charged, *_) in summed([]).items():
        average = found.by_currency[currency[0]].total.value(found.question.measures[0])
        assert average == ((amount / charged).quantize(Decimal("0.000001")) if charged else None)


@pytest.mark.django_db
@pytest.mark.parametrize("sort", ["", "name"])
def test_times_are_in_their_order_and_not_in_that_of_their_words(sort: str) -> None:
    a_random_company(8)

    found = answer_of(Question(group=("month",), days=EVERYTHING, sort=sort), at=RATED_AT)

    assert [list(group.inside) for group in found.by_currency.values()] == 3 * [
        [date(2026, month, 1) for month in (9, 10, 11)]
    ]


@pytest.mark.django_db
def test_more_columns_than_fit_are_refused_in_words() -> None:
    a_random_company(8)

    with pytest.raises(BadQuestion, match="At most 62 columns fit"):
        answer_of(Question(columns="day", days=EVERYTHING), at=RATED_AT)


@pytest.mark.django_db
def test_too_many_groups_leave_out_the_innermost_and_keep_every_total(monkeypatch: pytest.MonkeyPatch) -> None:
    a_random_company(8)
    whole = answer_of(Question(group=("customer", "product"), days=EVERYTHING), at=RATED_AT)
    monkeypatch.setattr("reports.queries.explore.answer.MOST_ROWS", 5)

    short = answer_of(Question(group=("customer", "product"), days=EVERYTHING), at=RATED_AT)

    assert (short.left_out, short.rows) == (("product",), 4)
    assert totals(short) == totals(whole)


def totals(answer: Answer) -> dict[str, dict[str, Decimal]]:
    return {currency: group.total.sums for currency, group in answer.by_currency.items()}


class AnyPartition(TestCase):
    """The sums over any partition are equal."""

    def setUp(self) -> None:
        a_random_company(9, leads=40)

    @hypothesis(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(
        groups=st.lists(st.sampled_from((*GROUPS, *TIMES)), max_size=3, unique=True),
        columns=st.sampled_from(("", *TIMES[1:])),
        days=st.sampled_from(("all", "2026-10-01..2026-10-31", "2026-09-27..2026-11-01", "this_quarter")),
    )
    def test_the_sums_over_any_partition_are_equal(self, groups: list[str], columns: str, days: str) -> None:
        question = Question(
            show=SHOWN, group=tuple(each for each in groups if each != columns), columns=columns, days=Days.read(days)
        )
        found = answer_of(question, at=RATED_AT)

        undivided = answer_of(Question(show=SHOWN, group=(), days=question.days), at=RATED_AT)
        assert totals(found) == totals(undivided)
        for currency, group in found.by_currency.items():
            for _, leaf in _leaves((currency,), group):
                if columns:
                    for code in leaf.total.sums:
                        assert leaf.total.sums[code] == sum(each.sums[code] for each in leaf.by_column.values())
