"""An answer of the explorer as data: counts are numbers, everything else is a string with six decimal places."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from billing_engine.core.read_replica import Freshness
from reports.domain.question.dimensions import DIMENSIONS, TIMES
from reports.domain.question.measures import MEASURES, Kind, Measure
from reports.queries.explore.answer import Answer, Group
from reports.queries.explore.asked.scope import Scope
from reports.queries.explore.figures import PLACES, Figures

WHOSE_DAYS = "A day is the date on which an action occurred, or a lead was received, in its customer's time zone."


class ReachSerializer(serializers.Serializer[Any]):
    """The days in one time zone."""

    time_zone = serializers.CharField()
    first_day = serializers.DateField()
    last_day = serializers.DateField()


class DaysSerializer(serializers.Serializer[Any]):
    """The days of the question, both ends included."""

    asked = serializers.CharField(help_text="As asked: a named range, a day or two days.")
    first_day = serializers.DateField(help_text="The first day in any time zone.")
    last_day = serializers.DateField(help_text="The last day in any time zone.")
    by_time_zone = ReachSerializer(
        many=True, help_text="Only if they differ, as today does while it is tomorrow elsewhere."
    )
    rule = serializers.CharField(help_text="Whose days are counted.")


class MeasureSerializer(serializers.Serializer[Any]):
    """A figure that is shown."""

    code = serializers.ChoiceField(list(MEASURES))
    name = serializers.CharField()
    definition = serializers.CharField()


class FilterSerializer(serializers.Serializer[Any]):
    """A filter with the values it lets through."""

    name = serializers.CharField()
    values = serializers.ListField(child=serializers.CharField())


class QuestionSerializer(serializers.Serializer[Any]):
    """The question as it was understood."""

    query = serializers.CharField(help_text="The whole question as a query string; the explorer's page takes it, too.")
    show = MeasureSerializer(many=True)
    group = serializers.ListField(child=serializers.ChoiceField(list(DIMENSIONS)))
    columns = serializers.ChoiceField(list(TIMES), allow_null=True)
    days = DaysSerializer()
    sort = serializers.CharField(allow_blank=True)
    filters = FilterSerializer(many=True)


class ColumnSerializer(serializers.Serializer[Any]):
    """A column."""

    first_day = serializers.DateField()
    name = serializers.CharField()


def _figure(measure: Measure) -> serializers.Field[Any, Any, Any, Any]:
    if measure.kind is Kind.COUNT:
        return serializers.IntegerField(required=False, help_text=f"{measure.name}: {measure.means}.")
    return serializers.CharField(
        required=False, allow_null=bool(measure.of), help_text=f"{measure.name}: {measure.means}."
    )


FiguresSerializer: Any = type(
    "FiguresSerializer",
    (serializers.Serializer,),
    {code: _figure(measure) for code, measure in MEASURES.items()}
    | {"__doc__": "The figures asked for; a ratio of nothing is null."},
)


class KeySerializer(serializers.Serializer[Any]):
    """One value that a row is about."""

    group = serializers.ChoiceField(list(DIMENSIONS))
    value = serializers.CharField(
        allow_blank=True, help_text="The code, ID, value or first day, as a filter names it; empty for no price rule."
    )
    name = serializers.CharField()


class CellSerializer(serializers.Serializer[Any]):
    """The figures of a row in one column."""

    column = serializers.DateField(help_text="The first day of the column.")
    figures = FiguresSerializer()


class RowSerializer(serializers.Serializer[Any]):
    """The figures of one group."""

    keys = KeySerializer(many=True, help_text="In the order of the question's groups.")
    figures = FiguresSerializer()
    cells = CellSerializer(many=True, help_text="By column; columns without activity are left out.")


class CurrencySerializer(serializers.Serializer[Any]):
    """All activity in one currency, or in all of them if no money is shown."""

    currency = serializers.CharField(allow_null=True)
    rows = RowSerializer(many=True, help_text="The innermost groups, in the order asked for.")
    subtotals = RowSerializer(many=True, help_text="The groups around them, with fewer keys.")
    total = RowSerializer()


class FreshnessSerializer(serializers.Serializer[Any]):
    """How old the data is if a read replica answers."""

    as_of = serializers.DateTimeField(allow_null=True)
    seconds_behind = serializers.CharField(allow_null=True)
    is_reachable = serializers.BooleanField(help_text="Whether the replica answered; if not, the main database did.")


class ActivityAnswerSerializer(serializers.Serializer[Any]):
    """The answer to a question about billing activity."""

    question = QuestionSerializer()
    columns = ColumnSerializer(many=True, help_text="Every column from the first with activity to the last.")
    currencies = CurrencySerializer(many=True)
    rows = serializers.IntegerField(help_text="How many rows there are, in all currencies.")
    left_out = serializers.ListField(
        child=serializers.ChoiceField(list(DIMENSIONS)),
        help_text="The groups left out, because with them there would be more than 10,000 rows. A CSV file has them all.",
    )
    waiting = serializers.IntegerField(help_text="Billing periods with actions that are not rated yet.")
    answered_at = serializers.DateTimeField()
    freshness = FreshnessSerializer(allow_null=True, help_text="Null if there is no read replica: the data is current.")


KeyOf = Callable[[str, Group], dict[str, str]]


def value_of(group: Group) -> str:
    """The code, ID, value or first day of a group."""
    return group.key.isoformat() if isinstance(group.key, date) else group.name.value


def _key(_: str, group: Group) -> dict[str, str]:
    return {"value": value_of(group), "name": group.name.words}


def answer_shape(answer: Answer, fresh: Freshness | None, key_of: KeyOf = _key) -> dict[str, Any]:
    """Return an answer in the shape of `ActivityAnswerSerializer`; `key_of` says how groups are named."""
    return {
        "question": _question(answer),
        "columns": [{"first_day": key, "name": name} for key, name in answer.columns],
        "currencies": [_currency(answer, currency, group, key_of) for currency, group in answer.by_currency.items()],
        "rows": answer.rows,
        "left_out": list(answer.left_out),
        "waiting": answer.waiting,
        "answered_at": answer.at,
        "freshness": fresh
        and {
            "as_of": fresh.as_of,
            "seconds_behind": None if fresh.behind is None else f"{Decimal(fresh.behind.total_seconds()):.6f}",
            "is_reachable": fresh.is_reachable,
        },
    }


def _question(answer: Answer) -> dict[str, Any]:
    question = answer.question
    return {
        "query": str(question),
        "show": [{"code": each.code, "name": each.name, "definition": each.means} for each in question.measures],
        "group": list(question.group),
        "columns": question.columns or None,
        "days": _days(answer.scope),
        "sort": question.sort,
        "filters": [{"name": name, "values": list(values)} for name, values in question.filters],
    }


def _days(scope: Scope) -> dict[str, Any]:
    first, last = scope.reach
    reaches = {} if scope.is_one_reach else scope.reaches
    return {
        "asked": str(scope.question.days),
        "first_day": first,
        "last_day": last,
        "by_time_zone": [
            {"time_zone": zone, "first_day": begin, "last_day": end} for zone, (begin, end) in sorted(reaches.items())
        ],
        "rule": WHOSE_DAYS,
    }


def _currency(answer: Answer, currency: str, total: Group, key_of: KeyOf) -> dict[str, Any]:
    depth, groups = len(answer.question.group), [each for each in _groups(total, ()) if each]
    return {
        "currency": currency or None,
        "rows": [_row(answer, each, key_of) for each in groups if len(each) == depth],
        "subtotals": [_row(answer, each, key_of) for each in groups if len(each) < depth],
        "total": _row(answer, (), key_of, total),
    }


def _groups(group: Group, around: tuple[Group, ...]) -> Iterator[tuple[Group, ...]]:
    yield around
    for each in group.inside.values():
        yield from _groups(each, (*around, each))


def _row(answer: Answer, path: tuple[Group, ...], key_of: KeyOf, total: Group | None = None) -> dict[str, Any]:
    group, measures = total or path[-1], answer.question.measures
    return {
        "keys": [{"group": code} | key_of(code, each) for code, each in zip(answer.question.group, path, strict=False)],
        "figures": _figures(group.total, measures),
        "cells": [
            {"column": key, "figures": _figures(group.by_column[key], measures)}
            for key, _ in answer.columns
            if key in group.by_column
        ],
    }


def _figures(figures: Figures, measures: tuple[Measure, ...]) -> dict[str, Any]:
    return {each.code: _shown(figures.value(each), each) for each in measures}


def _shown(value: Decimal | None, measure: Measure) -> int | str | None:
    if value is None:
        return None
    return int(value) if measure.kind is Kind.COUNT else str(value.quantize(PLACES))
