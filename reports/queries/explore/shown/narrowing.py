"""The narrower question behind one figure of an answer: its group, its column, and what it counts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache

from django.urls import reverse

from pricing.models import Charge
from pricing.models.activity import CHARGED, INCLUDED, UNRATED
from reports.domain.question.days import Days
from reports.domain.question.dimensions import DIMENSIONS, OUTCOMES, days_of_time
from reports.domain.question.measures import Measure
from reports.domain.question.question import Question
from reports.queries.explore.answer import Answer, Group

# The outcomes that a measure counts; the others count all.
COUNTS = {
    "charged": (CHARGED,),
    "included": (INCLUDED,),
    "excluded": tuple(Charge.Reason.values),
    "unrated": (UNRATED,),
    "quantity": (CHARGED, INCLUDED),
    "average": (CHARGED,),
}


def narrowed(answer: Answer, path: Sequence[Group], column: date | None = None) -> Question | None:
    """The question about one group, perhaps of one column; None if no filter can name it."""
    question = answer.question
    for code, group in zip(question.group, path, strict=False):
        if DIMENSIONS[code].is_time:
            question = _of_days(question, answer, code, group.key)
        elif not group.name.value:
            return None
        else:
            question = question.with_filter(code, group.name.value)
    return question if column is None else _of_days(question, answer, question.columns, column)


def address_of_rows(question: Question | None, measure: Measure) -> str:
    """The page of the actions that a figure counts; "" if there is none."""
    if question is None or measure.counts_leads:
        return ""
    outcomes = COUNTS.get(measure.code, tuple(OUTCOMES))
    chosen = question.chosen("outcome") or tuple(OUTCOMES)
    left = tuple(outcome for outcome in chosen if outcome in outcomes)
    if not left:
        return ""
    if len(left) < len(OUTCOMES):
        question = _without_leads(question).with_filter("outcome", *left)
    return f"{_rows_page()}?{question}"


@cache
def _rows_page() -> str:
    """Looked up once: a long answer has thousands of figures."""
    return reverse("admin:reports_explorer_rows")


def _of_days(question: Question, answer: Answer, code: str, key: date) -> Question:
    first, last = days_of_time(code, key)
    begin, end = question.days.on(first) if not question.days.named else answer.scope.reach
    return replace(question, days=Days("", max(first, begin), min(last, end)))


def _without_leads(question: Question) -> Question:
    """The same question without its counts of leads, which can't be told apart by outcome."""
    shown = tuple(each.code for each in question.measures if not each.counts_leads)
    sort = question.sort if question.sort.lstrip("-") in shown or question.sort == "name" else ""
    return replace(question, show=shown, sort=sort)
