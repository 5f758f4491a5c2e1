"""The answer to a question: one tree of groups per currency, with totals from the data and not from what is shown."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from billing_engine.core.queues.collector import collector_off
from billing_engine.core.read_replica import few_rows_of
from leads.models import UnratedMark
from reports.domain.question.dimensions import days_of_time
from reports.domain.question.faults import BadQuestion
from reports.domain.question.measures import MEASURES, Kind
from reports.domain.question.question import Question
from reports.queries.explore.asked.scope import Scope, scope_of
from reports.queries.explore.asked.sql import SUMS, leads_sql, sums_sql
from reports.queries.explore.figures import Figures
from reports.queries.explore.names import Name, names_of

MOST_ROWS, MOST_COLUMNS = 10_000, 62


@dataclass(slots=True)
class Group:
    """One value of a grouping: its figures in all, by column, and of the groups inside it."""

    key: Any = None
    name: Name = field(default_factory=lambda: Name("Total"))
    total: Figures = field(default_factory=Figures)
    by_column: dict[Any, Figures] = field(default_factory=dict)
    inside: dict[Any, "Group"] = field(default_factory=dict)

    def add(self, column: Any, figures: Figures) -> None:
        """Add figures of a column; None is not a column."""
        self.total.merge(figures)
        if column is not None:
            self.by_column.setdefault(column, Figures()).merge(figures)


@dataclass(slots=True)
class Answer:
    """The groups of each currency; "" if no money is shown, because counts are of all currencies together."""

    question: Question
    scope: Scope
    at: datetime
    by_currency: dict[str, Group]
    columns: list[tuple[Any, str]]
    left_out: tuple[str, ...] = ()  # the innermost groupings, if they had too many groups
    waiting: int = 0  # billing periods with activity that is not rated yet

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        return not any(group.inside or group.total.sums for group in self.by_currency.values())

    @property
    def rows(self) -> int:
        """How many innermost groups there are."""
        return sum(1 for group in self.by_currency.values() for _ in leaves(group))


def leaves(group: Group) -> Iterator[tuple[Group, ...]]:
    """The innermost groups, each with those around it."""
    for each in group.inside.values():
        if each.inside:
            yield from ((each, *rest) for rest in leaves(each))
        else:
            yield (each,)


@collector_off()
def answer_of(question: Question, *, at: datetime, customers: Collection[int] | None = None) -> Answer:
    """Answer the question at an instant, from one customer's activity or from all. Raises BadQuestion.

    Of more than `MOST_ROWS` groups, the innermost groupings are left out, and the answer says so.
    """
    left_out = tuple[str, ...]()
    asked = question
    while True:
        scope = scope_of(asked, at=at, customers=customers)
        rows = _rows(scope)
        if rows is not None:
            break
        if not asked.group:
            raise BadQuestion("columns", f"This makes more than {MOST_ROWS:,} figures. Choose fewer columns.")
        asked, left_out = replace(asked, group=asked.group[:-1]), (asked.group[-1], *left_out)
    answer = Answer(asked, scope, at, {}, [], left_out, _waiting(scope))
    for (currency, *keys), figures in rows.items():
        _place(answer.by_currency.setdefault(currency, Group()), keys, figures, has_column=bool(asked.columns))
    answer.columns = _columns(answer)
    _name(answer)
    for group in answer.by_currency.values():
        _sort(group, asked)
    answer.by_currency = dict(
        sorted(answer.by_currency.items(), key=lambda each: -each[1].total.sums.get("actions", 0))
    )
    return answer


def sums_asked(question: Question) -> list[str]:
    """The sums of the roll-up that the question needs; actions always, to order currencies by."""
    needed = {code for measure in question.measures for code in measure.sums} | {"actions"}
    sort = question.sorted_by[0]
    needed |= {*MEASURES[sort].sums} if sort else set()
    return [code for code in SUMS if code in needed]


def is_by_currency(question: Question) -> bool:
    """Whether money is shown, which is never added up over currencies."""
    return any(measure.kind is Kind.MONEY for measure in question.measures)


def _rows(scope: Scope) -> dict[tuple[Any, ...], Figures] | None:
    """The sums by currency, groups and column; None if there are too many."""
    question = scope.question
    keys, sums = [each.code for each in question.dimensions], sums_asked(question)
    by_currency = is_by_currency(question)
    found = dict[tuple[Any, ...], Figures]()
    asked = [(sums, sums_sql(scope, keys, sums, by_currency=by_currency))]
    if any(measure.counts_leads for measure in question.measures):
        asked.append((["leads"], leads_sql(scope, keys, by_currency=by_currency)))
    width = 1 + len(keys)
    for codes, (statement, parameters) in asked:
        for row in _bounded(statement, parameters):
            found.setdefault(row[:width], Figures()).add(codes, map(Decimal, row[width:]))
        if len(found) > MOST_ROWS:
            return None
    return found


def _bounded(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement, at most one more than are shown."""
    return few_rows_of(f"{statement} LIMIT {MOST_ROWS + 1}", parameters)


def _place(group: Group, keys: list[Any], figures: Figures, *, has_column: bool) -> None:
    column = keys.pop() if has_column else None
    group.add(column, figures)
    for key in keys:
        group = group.inside.setdefault(key, Group(key))
        group.add(column, figures)


def _columns(answer: Answer) -> list[tuple[Any, str]]:
    """Every column from the first with data to the last, so that a gap is seen as one."""
    code = answer.question.columns
    found = sorted({key for group in answer.by_currency.values() for key in group.by_column})
    if not code or not found:
        return []
    columns, key = list[date](), found[0]
    while key <= found[-1]:
        columns.append(key)
        if len(columns) > MOST_COLUMNS:
            fewer = f"At most {MOST_COLUMNS} columns fit. Choose fewer days, or longer columns than a {code}."
            raise BadQuestion("columns", fewer)
        key = date.fromordinal(days_of_time(code, key)[1].toordinal() + 1)
    return [(key, names_of(code, [key])[key].words) for key in columns]


def _name(answer: Answer) -> None:
    level = list(answer.by_currency.values())
    for code in answer.question.group:
        level = [each for group in level for each in group.inside.values()]
        names = names_of(code, {each.key for each in level})
        for each in level:
            each.name = names[each.key]


def _sort(group: Group, question: Question, depth: int = 0) -> None:
    """Largest first, or by name; times in their order unless a measure was asked for."""
    if depth == len(question.group):
        return
    measure, is_largest_first = question.sorted_by
    by_time = isinstance(next(iter(group.inside), None), date) and question.sort in ("", "name")
    if by_time or not measure:
        ordered = sorted(group.inside.values(), key=lambda each: (each.key if by_time else each.name.words.lower(), 0))
    else:
        sign = -1 if is_largest_first else 1
        ordered = sorted(
            group.inside.values(),
            key=lambda each: (sign * (each.total.value(MEASURES[measure]) or 0), each.name.words.lower()),
        )
    group.inside = {each.key: each for each in ordered}
    for each in ordered:
        _sort(each, question, depth + 1)


def _waiting(scope: Scope) -> int:
    """How many billing periods of the customers have activity that is not rated yet."""
    marks = UnratedMark.objects.filter(period__state="open")
    if "customer" in scope.chosen:
        marks = marks.filter(period__customer__in=scope.chosen["customer"])
    return marks.values("period").distinct().count()
