"""Every innermost group of a question as one row, however many there are: a file has all of them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from billing_engine.core.read_replica import one_snapshot, rows_from_copy, rows_of
from billing_engine.core.tables.table import Cell, Column, Kind
from reports.domain.question import measures
from reports.domain.question.dimensions import DIMENSIONS, Dimension
from reports.queries.explore.answer import is_by_currency, sums_asked
from reports.queries.explore.asked.scope import Scope
from reports.queries.explore.asked.sql import leads_sql, sums_sql
from reports.queries.explore.figures import PLACES
from reports.queries.explore.parts import parts_of

# Where the ids of a dimension have names: the table, and the columns that a file shows of it.
NAMED: dict[str, tuple[str, tuple[tuple[str, Column], ...]]] = {
    "customer": ("leads_customer", (("code", Column("Customer code")), ("name", Column("Customer")))),
    "product": (
        "leads_product",
        (("id", Column("Product ID", Kind.INTEGER)), ("sku", Column("SKU")), ("name", Column("Product"))),
    ),
    "source": ("leads_source", (("code", Column("Source code")), ("name", Column("Source")))),
    "action_type": ("leads_actiontype", (("code", Column("Action type code")), ("name", Column("Action type")))),
    "rule": ("pricing_pricerule", (("id", Column("Price rule ID", Kind.INTEGER)), ("name", Column("Price rule")))),
}
# Sorting a million rows by number is faster than by name.
PLACED = "SELECT *, row_number() OVER (ORDER BY lower(name), id) AS place FROM {table}"


@dataclass(frozen=True, slots=True)
class EveryRow:
    """The columns of a file, and its rows, which are read while they are written."""

    columns: tuple[Column, ...]
    rows: Iterator[tuple[Cell, ...]]


def every_row_of(scope: Scope, *, soon: bool = False) -> EveryRow:
    """A row for each innermost group and column, in the order of their names.

    `soon`: the first rows need not wait for the last. Nothing may be written while they are read, because all parts are
    read in one transaction, which sees one snapshot.
    """
    question = scope.question
    currency = (Column("Currency"),) if is_by_currency(question) else ()
    keys = (column for each in question.dimensions for column in _columns(each))
    kind = {True: Kind.INTEGER, False: Kind.DECIMAL}
    figures = (Column(each.name, kind[each.kind is measures.Kind.COUNT]) for each in question.measures)
    return EveryRow((*currency, *keys, *figures), rows_from_copy(_rows_soon(scope) if soon else _rows(scope)))


def count_of(scope: Scope) -> int:
    """How many rows there are now."""
    summed, parameters, _, _ = _summed(scope, ["actions"])
    [(count,)] = rows_of(f"SELECT count(*) FROM ({summed}) AS summed", parameters)  # noqa: S608 -- our own statement
    return int(count)


def _columns(dimension: Dimension) -> tuple[Column, ...]:
    if dimension.code in NAMED:
        return tuple(column for _, column in NAMED[dimension.code][1])
    if dimension.choices:
        return Column(f"{dimension.name} code"), Column(dimension.name)
    if dimension.is_time:
        return (Column(dimension.name if dimension.code == "day" else f"{dimension.name} from", Kind.DATE),)
    return (Column(dimension.name),)


def _rows(scope: Scope) -> Iterator[tuple[Cell, ...]]:
    question = scope.question
    skipped = 0 if is_by_currency(question) else 1
    statement, parameters, codes = every_row_sql(scope)
    figures = [_figure(each, codes) for each in question.measures]
    for row in rows_of(statement, parameters):
        yield (*row[skipped : -len(codes)], *(figure(row) for figure in figures))


def _rows_soon(scope: Scope) -> Iterator[tuple[Cell, ...]]:
    with one_snapshot():
        for part in parts_of(scope):
            yield from _rows(part)


def _figure(measure: measures.Measure, codes: list[str]) -> Callable[[tuple[Any, ...]], Cell]:
    """Return what makes a figure of a row, whose sums come last."""
    place, *divisor = (codes.index(code) - len(codes) for code in measure.sums)
    if divisor:
        [by] = divisor
        return lambda row: (row[place] / row[by]).quantize(PLACES) if row[by] else None
    if measure.kind is measures.Kind.COUNT:
        return lambda row: int(row[place])
    return lambda row: row[place]


def every_row_sql(scope: Scope) -> tuple[str, dict[str, Any], list[str]]:
    """A statement of all rows, its parameters, and the codes of the sums, which come last."""
    summed, parameters, keys, codes = _summed(scope, sums_asked(scope.question))
    dimensions = [each.code for each in scope.question.dimensions]
    joins = [
        f"LEFT JOIN ({PLACED.format(table=NAMED[code][0])}) named{place} ON named{place}.id = summed.key{place}"
        for place, code in enumerate(dimensions)
        if code in NAMED
    ]
    shown = [column for place, code in enumerate(dimensions) for column in _shown(code, place)]
    columns = ", ".join(["summed.currency", *shown, *(f"summed.{code}" for code in codes)])
    places = [f"named{place}.place" if code in NAMED else f"summed.key{place}" for place, code in enumerate(dimensions)]
    order = ", ".join(["summed.currency", *places])
    words = {f"words_{code}": json.dumps(DIMENSIONS[code].choices) for code in dimensions if DIMENSIONS[code].choices}
    return (
        f"SELECT {columns} FROM ({summed}) AS summed ({', '.join([*keys, *codes])}) {' '.join(joins)} ORDER BY {order}",  # noqa: S608 -- names of our own columns
        parameters | words,
        codes,
    )


def _summed(scope: Scope, codes: list[str]) -> tuple[str, dict[str, Any], list[str], list[str]]:
    """A statement of the sums by their keys, its parameters, and the names of both: leads are counted beside activity."""
    question = scope.question
    dimensions, by_currency = [each.code for each in question.dimensions], is_by_currency(question)
    summed, parameters = sums_sql(scope, dimensions, codes, by_currency=by_currency)
    keys = ["currency", *(f"key{place}" for place, _ in enumerate(dimensions))]
    if any(measure.counts_leads for measure in question.measures):
        counted, more = leads_sql(scope, dimensions, by_currency=by_currency)
        summed, parameters = _side_by_side(summed, counted, keys, codes), parameters | more
        codes = [*codes, "leads"]
    return summed, parameters, keys, codes


def _shown(code: str, place: int) -> list[str]:
    if code in NAMED:
        return [f"named{place}.{column}" for column, _ in NAMED[code][1]]
    key = f"summed.key{place}"
    return [key, f"%(words_{code})s::jsonb ->> {key}"] if DIMENSIONS[code].choices else [key]


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
