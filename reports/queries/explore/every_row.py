"""Every innermost group of a question as one row, however many there are: a file has all of them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from billing_engine.core.read_replica import rows_from_copy, rows_of
from reports.domain.question.dimensions import Dimension
from reports.domain.question.measures import Kind
from reports.domain.question.question import Question
from reports.queries.explore.answer import is_by_currency, sums_asked
from reports.queries.explore.asked.scope import Scope, scope_of
from reports.queries.explore.asked.sql import leads_sql, sums_sql
from reports.queries.explore.figures import Figures

Cell = str | int | Decimal | date | None
# Where the ids of a dimension have names: the table, and the columns that a file shows of it.
NAMED: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "customer": ("leads_customer", (("code", "Customer code"), ("name", "Customer"))),
    "product": ("leads_product", (("id", "Product ID"), ("sku", "SKU"), ("name", "Product"))),
    "source": ("leads_source", (("code", "Source code"), ("name", "Source"))),
    "action_type": ("leads_actiontype", (("code", "Action type code"), ("name", "Action type"))),
    "rule": ("pricing_pricerule", (("id", "Price rule ID"), ("name", "Price rule"))),
}


@dataclass(frozen=True, slots=True)
class EveryRow:
    """The head of a file, and its rows, which are read while they are written."""

    header: tuple[str, ...]
    rows: Iterator[tuple[Cell, ...]]


def every_row_of(question: Question, *, at: datetime, customers: Collection[int] | None = None) -> EveryRow:
    """A row for each innermost group and column, in the order of their keys. Raises BadQuestion before the first."""
    scope = scope_of(question, at=at, customers=customers)
    currency = ("Currency",) if is_by_currency(question) else ()
    keys = (head for each in question.dimensions for head in _heads(each))
    header = (*currency, *keys, *(measure.name for measure in question.measures))
    return EveryRow(header, rows_from_copy(_rows(scope)))


def _heads(dimension: Dimension) -> tuple[str, ...]:
    if dimension.code in NAMED:
        return tuple(head for _, head in NAMED[dimension.code][1])
    return (f"{dimension.name} from" if dimension.is_time and dimension.code != "day" else dimension.name,)


def _rows(scope: Scope) -> Iterator[tuple[Cell, ...]]:
    question = scope.question
    statement, parameters, codes = every_row_sql(scope)
    measures, skipped = question.measures, 0 if is_by_currency(question) else 1
    for row in rows_of(statement, parameters):
        sums = Figures(dict(zip(codes, row[-len(codes) :], strict=True)))
        keys = row[skipped : -len(codes)]
        yield (*keys, *(_figure(sums.value(each), each.kind) for each in measures))


def _figure(value: Decimal | None, kind: Kind) -> Cell:
    return int(value) if value is not None and kind is Kind.COUNT else value


def every_row_sql(scope: Scope) -> tuple[str, dict[str, Any], list[str]]:
    """A statement of all rows, its parameters, and the codes of the sums, which come last."""
    question = scope.question
    dimensions, codes = [each.code for each in question.dimensions], sums_asked(question)
    by_currency = is_by_currency(question)
    summed, parameters = sums_sql(scope, dimensions, codes, by_currency=by_currency)
    keys = ["currency", *(f"key{place}" for place, _ in enumerate(dimensions))]
    if any(measure.counts_leads for measure in question.measures):
        counted, _ = leads_sql(scope, dimensions, by_currency=by_currency)
        summed = _side_by_side(summed, counted, keys, codes)
        codes = [*codes, "leads"]
    joins = [
        f"LEFT JOIN {NAMED[code][0]} named{place} ON named{place}.id = summed.key{place}"
        for place, code in enumerate(dimensions)
        if code in NAMED
    ]
    shown = [column for place, code in enumerate(dimensions) for column in _shown(code, place)]
    columns = ", ".join(["summed.currency", *shown, *(f"summed.{code}" for code in codes)])
    order = ", ".join(f"summed.{key}" for key in keys)
    return (
        f"SELECT {columns} FROM ({summed}) AS summed ({', '.join([*keys, *codes])}) {' '.join(joins)} ORDER BY {order}",  # noqa: S608 -- names of our own columns
        parameters,
        codes,
    )


def _shown(code: str, place: int) -> list[str]:
    if code not in NAMED:
        return [f"summed.key{place}"]
    return [f"named{place}.{column}" for column, _ in NAMED[code][1]]


def _side_by_side(summed: str, counted: str, keys: list[str], codes: list[str]) -> str:
    """The sums of activity and the counts of leads, which may have other keys, in one row for each key."""
    names = ", ".join(keys)
    nothing = ", ".join("0" for _ in codes)
    added = ", ".join(f"sum({code})" for code in (*codes, "leads"))
    return f"""
        SELECT {names}, {added}
          FROM (SELECT {names}, {", ".join(codes)}, 0 AS leads FROM ({summed}) AS a ({names}, {", ".join(codes)})
                UNION ALL
                SELECT {names}, {nothing}, leads FROM ({counted}) AS b ({names}, leads)) both_of
         GROUP BY {names}
    """  # noqa: S608 -- names of our own columns
