"""What a question means in the database: the days in each time zone, and the rows that its filters name."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.db.models.functions import Lower

from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.read_replica import rows_of
from billing_engine.core.validation import key_of
from leads.models import ActionType, Customer, Product, Source
from pricing.models import PriceRule
from reports.domain.question.days import Reach
from reports.domain.question.dimensions import DIMENSIONS, FINER_THAN_MONTHS
from reports.domain.question.faults import BadQuestion
from reports.domain.question.question import Question
from reports.queries.explore.asked.stretches import Stretches, stretches_of

EMPTY = "-"  # how a filter names products without a category


@dataclass(frozen=True, slots=True)
class Scope:
    """A question with its days and filters resolved."""

    question: Question
    reaches: Mapping[str, Reach]  # by time zone
    chosen: Mapping[str, Sequence[Any]]  # what the columns of the roll-up may be, by dimension
    changes: tuple[date, ...]  # the days within it on which facts that it uses change
    stretches: Stretches

    @property
    def reach(self) -> Reach:
        """From the first day anywhere to the last."""
        return min(first for first, _ in self.reaches.values()), max(last for _, last in self.reaches.values())

    @property
    def is_one_reach(self) -> bool:
        """Whether it is about the same days in all time zones."""
        return len(set(self.reaches.values())) == 1

    @property
    def is_by_day(self) -> bool:
        """Whether two days of a month may have other facts, or one belongs to it and the other does not."""
        return not self.is_one_reach or any(day.day != 1 for day in self.changes)


def scope_of(question: Question, *, at: datetime, customers: Collection[int] | None = None) -> Scope:
    """Resolve the question at an instant, for all customers or only for these. Raises BadQuestion."""
    chosen = {name: RESOLVED[name](name, values) for name, values in question.filters}
    if customers is not None:
        asked = chosen.get("customer")
        chosen["customer"] = sorted(customers if asked is None else set(asked) & set(customers))
    zones = _zones(chosen.get("customer")) or ["UTC"]
    reaches = {zone: question.days.on(at.astimezone(ZoneInfo(zone)).date()) for zone in zones}
    changes = _changes(question, reaches.values())
    by_day = any(each.code in FINER_THAN_MONTHS for each in question.dimensions)
    split = [day for day in changes if day.day != 1]
    return Scope(question, reaches, chosen, changes, stretches_of(set(reaches.values()), by_day=by_day, split=split))


def _zones(customers: Sequence[int] | None) -> list[str]:
    found = Customer.objects.all() if customers is None else Customer.objects.filter(pk__in=customers)
    return list(found.order_by("time_zone").values_list("time_zone", flat=True).distinct())


def _changes(question: Question, reaches: Collection[Reach]) -> tuple[date, ...]:
    """The days after the first on which a fact changes that the question groups or filters by."""
    first, last = min(first for first, _ in reaches), max(last for _, last in reaches)
    used = {each.code for each in question.dimensions} | {name for name, _ in question.filters}
    found = set[date]()
    for fact, table in FACTS.items():
        if fact in used:
            statement = f"SELECT DISTINCT first_day FROM {table} WHERE in_force_at IS NOT NULL"  # noqa: S608 -- our own
            asked = {"first": first, "last": last}
            rows = rows_of(f"{statement} AND first_day > %(first)s AND first_day <= %(last)s", asked)
            found |= {day for (day,) in rows}
    return tuple(sorted(found))


FACTS = {"category": "leads_productrevision", "channel": "leads_sourcerevision"}


def _by_code(rows: Callable[[], QuerySet[Any]]) -> Callable[[str, Sequence[str]], list[int]]:
    def ids(name: str, codes: Sequence[str]) -> list[int]:
        asked = {code.lower(): code for code in codes}
        found = dict(rows().annotate(lower=Lower("code")).filter(lower__in=asked).values_list("lower", "pk"))
        _refuse_missing(name, [code for lower, code in asked.items() if lower not in found])
        return sorted(found.values())

    return ids


def _by_id(rows: Callable[[], QuerySet[Any]]) -> Callable[[str, Sequence[str]], list[int]]:
    def ids(name: str, numbers: Sequence[str]) -> list[int]:
        asked = {key: text for text in numbers if (key := key_of(text)) is not None}
        found = set(rows().filter(pk__in=asked).values_list("pk", flat=True))
        _refuse_missing(name, [text for text in numbers if text not in {asked[pk] for pk in found}])
        return sorted(found)

    return ids


def _refuse_missing(name: str, missing: Sequence[str]) -> None:
    if missing:
        dimension = DIMENSIONS[name]
        raise BadQuestion(name, f"There is no {dimension.name.lower()} “{missing[0][:60]}”.")


def _as_is(_: str, values: Sequence[str]) -> list[str]:
    return ["" if value == EMPTY else value for value in values]


def _labels(_: str, values: Sequence[str]) -> list[str]:
    return [label for value in values for label in labels_of(value)]


RESOLVED: dict[str, Callable[[str, Sequence[str]], Sequence[Any]]] = {
    "customer": _by_code(Customer.objects.all),
    "product": _by_id(Product.objects.all),
    "category": _as_is,
    "source": _by_code(Source.objects.all),
    "channel": _as_is,
    "action_type": _by_code(ActionType.objects.all),
    "rule": _by_id(lambda: PriceRule.objects.filter(first_revision=None)),
    "outcome": _as_is,
    "period": _labels,
}
