"""The rows behind a figure are exactly the actions that it counts."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from leads.models import Action
from pricing.models import Charge
from reports.domain.question.days import Days
from reports.domain.question.faults import BadQuestion
from reports.domain.question.question import Question
from reports.queries.explore import rows as module
from reports.queries.explore.answer import answer_of
from reports.queries.explore.asked.scope import scope_of
from reports.queries.explore.rows import ActivityRow, Place, all_rows, page_of_rows
from tests.factories.leads import ActionFactory
from tests.reports.random_company import RATED_AT, a_random_company

pytestmark = pytest.mark.django_db

EVERYTHING = Days.read("2026-08-01..2026-11-30")


def paged(question: Question, most: int) -> list[ActivityRow]:
    scope, after, found = scope_of(question, at=RATED_AT), None, list[ActivityRow]()
    while page := page_of_rows(scope, after, most=most):
        assert len(page) <= most
        found += page
        after = Place.read(str(page[-1].place))
    return found


@pytest.mark.parametrize("cells", [2_000, 3])
def test_page_by_page_every_action_appears_once_latest_day_first(monkeypatch: pytest.MonkeyPatch, cells: int) -> None:
    monkeypatch.setattr(module, "CELLS_AT_A_TIME", cells)
    a_random_company(1)

    found = paged(Question(days=EVERYTHING), 7)

    assert sorted(row.action for row in found) == sorted(Action.objects.values_list("pk", flat=True))
    places = [(row.day, row.period, row.occurred_at, row.action) for row in found]
    assert places == sorted(places, reverse=True)
    assert [row.action for row in all_rows(scope_of(Question(days=EVERYTHING), at=RATED_AT))] == [
        row.action for row in found
    ]


def test_the_rows_behind_each_figure_add_up_to_it() -> None:
    customers = a_random_company(2)
    product = str(customers[1].products.earliest("pk").pk)
    for filters in (
        (("channel", ("webinar",)),),
        (("category", ("moved", "cat1")), ("outcome", ("charged", "included"))),
        (("customer", ("C1",)), ("product", (product,))),
        (("period", ("2026-10",)), ("action_type", ("k1", "k2"))),
        (("rule", (str(Charge.objects.filter(reason="").earliest("pk").rule_id),)),),
        (("outcome", ("unrated",)),),
        (("outcome", ("voided", "test_lead", "not_billable")), ("source", ("s1",))),
    ):
        for days in (EVERYTHING, Days.read("2026-10-01..2026-10-31"), Days.read("2026-10-25")):
            question = Question(show=("amount", "actions"), group=(), days=days, filters=filters)
            answer = answer_of(question, at=RATED_AT)
            rows = paged(question, 9)
            counted = {currency: group.total.sums for currency, group in answer.by_currency.items()}
            assert counted == {
                currency: {
                    "actions": sum(row.currency == currency for row in rows),
                    "amount": sum((row.amount or Decimal(0) for row in rows if row.currency == currency), Decimal(0)),
                }
                for currency in {row.currency for row in rows}
            }, filters


def test_an_action_that_came_after_the_rating_is_behind_no_figure_yet() -> None:
    a_random_company(2)
    question = Question(show=("actions",), group=(), days=EVERYTHING)
    before = [row.action for row in paged(question, 50)]
    known = Action.objects.latest("pk")

    ActionFactory.create(
        lead=known.lead, period=known.period, action_type=known.action_type, occurred_at=known.occurred_at
    )

    counted = answer_of(question, at=RATED_AT).by_currency[""].total.sums["actions"]
    assert [row.action for row in paged(question, 50)] == before
    assert counted == len(before) == Action.objects.count() - 1


def test_rows_of_a_customers_own_today_are_those_of_its_own_day() -> None:
    a_random_company(3)
    at = datetime(2026, 10, 31, 11, 30, tzinfo=UTC)

    rows = page_of_rows(scope_of(Question(days=Days("today")), at=at))

    assert all(
        row.day.isoformat() == ("2026-11-01" if row.time_zone == "Pacific/Auckland" else "2026-10-31") for row in rows
    )


@pytest.mark.parametrize(
    "text", ["", "x", "2026-10-01_1_2026-10-01T00:00:00_5", f"2026-10-01_{'9' * 30}_2026-10-01T00:00:00+00:00_1"]
)
def test_a_page_that_does_not_exist_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadQuestion, match="This page of rows does not exist"):
        Place.read(text)
