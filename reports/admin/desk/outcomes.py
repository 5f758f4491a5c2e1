"""Actions by day and outcome as the series of a chart; each point opens its day in the explorer."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from billing_engine.core.charts.chart import Point, Series
from billing_engine.core.charts.role import Role
from pricing.models.activity import CHARGED, INCLUDED, UNRATED
from reports.admin.desk.explored import between, explored
from reports.domain.question.dimensions import OUTCOMES
from reports.domain.question.question import Question
from reports.queries.explore.answer import Answer
from reports.queries.explore.figures import Figures

DAY = timedelta(days=1)
PARTS = (
    ("charged", Role.CHARGED, (CHARGED, INCLUDED)),
    ("excluded", Role.EXCLUDED, tuple(code for code in OUTCOMES if code not in (CHARGED, INCLUDED, UNRATED))),
    ("unrated", Role.UNRATED, (UNRATED,)),
)


def series_by_outcome(answer: Answer, asked: Question, first: date, last: date) -> list[Series]:
    """Return a series for each outcome of an answer to a question by outcome and day."""
    by_outcome = {key: group.by_column for root in answer.by_currency.values() for key, group in root.inside.items()}
    days = [first + DAY * place for place in range((last - first).days + 1)]
    filters = dict(asked.filters)
    return [
        Series(
            name,
            role,
            tuple(
                Point(day, actions, explored(_of_day(filters, codes, day)))
                for day in days
                if (actions := _actions(by_outcome, codes, day))
            ),
        )
        for name, role, codes in PARTS
    ]


def _of_day(filters: Mapping[str, tuple[str, ...]], codes: tuple[str, ...], day: date) -> Question:
    asked = Question(show=("actions",), days=between(day, day)).with_filter("outcome", *codes)
    for name, values in filters.items():
        asked = asked.with_filter(name, *values)
    return asked


def _actions(by_outcome: Mapping[str, Mapping[date, Figures]], codes: tuple[str, ...], day: date) -> Decimal:
    return sum((by_outcome[code][day].sums["actions"] for code in codes if day in by_outcome.get(code, {})), Decimal(0))
