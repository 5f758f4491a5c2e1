"""The charts of an answer, in one currency: its groups ranked, and the same figure over time."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from billing_engine.core.charts.bars import stacked_bars
from billing_engine.core.charts.chart import Bar, Measure, Point, RankChart, Row, Series, TimeChart, counts, money
from billing_engine.core.charts.drawing import Svg
from billing_engine.core.charts.lines import lines
from billing_engine.core.charts.ranking import ranked_bars
from billing_engine.core.charts.role import Role, shades
from billing_engine.core.charts.time_axis import Step
from billing_engine.core.counts import count_in_words
from reports.domain.question.faults import BadQuestion
from reports.domain.question.measures import Kind
from reports.domain.question.measures import Measure as Asked
from reports.domain.question.question import Question
from reports.queries.explore.answer import Answer, Group, answer_of
from reports.queries.explore.figures import Figures
from reports.queries.explore.shown.narrowing import address_of_rows, narrowed
from reports.queries.explore.shown.table import figure_in_words

RANKED, COLUMNS_STACKED = 8, 6
# Up to how many days each is shown. A year by weeks would fit, and would read all of its days instead of twelve months.
STEPS = ((Step.DAY, 62), (Step.WEEK, 26 * 7 + 2), (Step.MONTH, 62 * 28))
OUTCOME_ROLES = {"charged": Role.CHARGED, "included": Role.INCLUDED, "unrated": Role.UNRATED}
OUTCOME_NAMES = {Role.CHARGED: "Charged", Role.INCLUDED: "Included", Role.EXCLUDED: "Excluded", Role.UNRATED: "Unrated"}


def ranking(answer: Answer, currency: str, *, literal: bool = False) -> Svg | None:
    """The largest groups as bars, stacked by the columns if there are few; None without groups or for groups of time."""
    whole, question = answer.by_currency.get(currency), answer.question
    if whole is None or not whole.inside or question.dimensions[0].is_time:
        return None
    measure = question.measures[0]
    stacked = answer.columns if not measure.of and len(answer.columns) <= COLUMNS_STACKED else []
    named = tuple(zip((name for _, name in stacked), shades(len(stacked)), strict=True)) or (("", Role.CHARGED),)
    keys = [key for key, _ in stacked]
    groups = list(whole.inside.values())
    shown = groups if len(groups) <= RANKED + 1 else groups[:RANKED]
    rows = [Row(each.name.words, _bars(answer, each, keys)) for each in shown]
    if (left := groups[len(shown) :]) and not measure.of:
        rest = Group()
        for each in left:
            rest.total.merge(each.total)
            for key in keys:
                rest.add(key, each.by_column.get(key, Figures()))
        bars = tuple(Bar(bar.value) for bar in _bars(answer, rest, keys, is_linked=False))
        rows.append(Row(f"All others ({count_in_words(len(left))})", bars))
    title = f"By {question.dimensions[0].name.lower()}"
    chart = RankChart(title, _measure(measure, currency), named, tuple(rows), note=measure.means)
    return ranked_bars(chart, literal=literal)


def over_time(answer: Answer, currency: str, *, literal: bool = False) -> tuple[str, Svg] | None:
    """The first figure by day, week or month, and its title; None if the days are too many, or nothing was found."""
    measure = answer.question.measures[0]
    first, last = answer.scope.reach
    step = next((step for step, most in STEPS if (last - first).days < most), Step.MONTH)
    try:
        found = answer_of(_by_time(answer.question, step), at=answer.at, customers=answer.scope.chosen.get("customer"))
    except BadQuestion:  # more months than fit
        return None
    whole = found.by_currency.get(currency)
    if whole is None or not found.columns:
        return None
    if step is Step.MONTH:
        first = found.columns[0][0]
    series = _series(found, whole)
    title = f"By {step}" + (f", {currency}" if currency else "")
    chart = TimeChart(
        title, first, min(last, found.columns[-1][0]), step, _measure(measure, currency), series, note=measure.means
    )
    return title, (lines if measure.of else stacked_bars)(chart, literal=literal)


def _by_time(question: Question, step: Step) -> Question:
    by = ("outcome",) if question.show[0] == "actions" else ()
    return replace(question, show=question.show[:1], group=by, columns=step.value, sort="")


def _series(answer: Answer, whole: Group) -> tuple[Series, ...]:
    if not whole.inside:
        measure = answer.question.measures[0]
        role = OUTCOME_ROLES.get(measure.code, Role.EXCLUDED if measure.code == "excluded" else Role.CHARGED)
        return (Series(measure.name, role, _points(answer, whole, [])),)
    by_role: dict[Role, list[Group]] = {role: [] for role in OUTCOME_NAMES}
    for each in whole.inside.values():
        by_role[OUTCOME_ROLES.get(each.key, Role.EXCLUDED)].append(each)
    return tuple(
        Series(OUTCOME_NAMES[role], role, _points(answer, _together(groups), groups if len(groups) == 1 else None))
        for role, groups in by_role.items()
        if groups
    )


def _together(groups: list[Group]) -> Group:
    together = Group()
    for each in groups:
        for key, figures in each.by_column.items():
            together.add(key, figures)
    return together


def _points(answer: Answer, group: Group, path: list[Group] | None) -> tuple[Point, ...]:
    """The days of the axis that have a value; `path` leads to their rows."""
    measure, (first, last) = answer.question.measures[0], answer.scope.reach
    return tuple(
        Point(
            max(key, first),
            value,
            "" if path is None else address_of_rows(narrowed(answer, path, key), measure),
        )
        for key, figures in sorted(group.by_column.items())
        if (value := figures.value(measure)) is not None and key <= last
    )


def _bars(answer: Answer, group: Group, keys: list[date], *, is_linked: bool = True) -> tuple[Bar, ...]:
    measure = answer.question.measures[0]
    path = [group]

    def bar(figures: Figures, column: date | None) -> Bar:
        address = address_of_rows(narrowed(answer, path, column), measure) if is_linked else ""
        return Bar(figures.value(measure), address)

    return tuple(bar(group.by_column.get(key, Figures()), key) for key in keys) or (bar(group.total, None),)


def _measure(measure: Asked, currency: str) -> Measure:
    if measure.kind is Kind.MONEY:
        return money(currency)
    if measure.kind is Kind.COUNT:
        return counts()
    return Measure(*(lambda value: figure_in_words(value, measure, currency).words,) * 2, unit=Decimal("0.01"))
