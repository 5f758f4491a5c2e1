"""The answer of the explorer as a table for files: every row of the same question, however the file is sent."""

from datetime import datetime

from django.contrib.auth.models import User
from django.http import QueryDict
from django.utils.text import slugify

from billing_engine.core.read_replica import freshness, from_copy
from billing_engine.core.tables.table import Notes, Table
from reports.domain.exports.registry import Exportable, register
from reports.domain.question.question import Question
from reports.domain.question.wording import title_of
from reports.domain.saved.access import EXPLORER
from reports.queries.explore.asked.scope import Scope, scope_of
from reports.queries.explore.every_row import count_of, every_row_of
from reports.queries.explore.wording import days_in_words, filters_in_words, zones_in_words
from reports.queries.freshness import freshness_in_words

LONGEST_NAME = 80


def table_of(question: Question, *, at: datetime, title: str = "") -> Table:
    """The table of a question; its file is named after the title, and says what was asked. Raises BadQuestion."""
    scope = scope_of(question, at=at)
    asked, found = title_of(question), every_row_of(scope)
    return Table(
        name=f"{_file_name(title or asked)}-{at:%Y-%m-%d}",
        title=title or f"{asked}: {days_in_words(scope)}",
        columns=found.columns,
        rows=found.rows,
        notes=Notes(
            question=". ".join([asked, days_in_words(scope), *_filters(scope)]),
            time_zone=zones_in_words(scope),
            made_at=at,
            freshness=freshness_in_words(freshness()),
        ),
    )


def _file_name(title: str) -> str:
    return slugify(title, allow_unicode=True)[:LONGEST_NAME].strip("-") or "report"


def _filters(scope: Scope) -> list[str]:
    return [f"{name}: {words}" for _, name, words in filters_in_words(scope)]


def _question(query: str) -> Question:
    return Question.read(dict(QueryDict(query).lists()))


@from_copy
def _table(query: str, _: User, at: datetime) -> Table:
    return table_of(_question(query), at=at)


@from_copy
def _rows(query: str, _: User, at: datetime) -> int:
    return count_of(scope_of(_question(query), at=at))


EXPLORED = register(Exportable("explorer", needs=(EXPLORER,), table=_table, rows=_rows))
