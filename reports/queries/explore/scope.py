"""What a question means in the database: the days in each time zone, and the rows that its filters name."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.db.models.functions import Lower

from billing_engine.core.calendar.spans import Month, labels_of
from billing_engine.core.read_replica import connection
from leads.models import ActionType, Customer, Product, Source
from pricing.models import PriceRule
from reports.domain.question.days import Reach
from reports.domain.question.dimensions import DIMENSIONS, FINER_THAN_MONTHS
from reports.domain.question.faults import BadQuestion
from reports.domain.question.question import Question

EMPTY = "-"  # how a filter names products without a category
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Scope:
    """A question with its days and filters resolved."""

    question: Question
    reaches: Mapping[str, Reach]  # by time zone
    chosen: Mapping[str, Sequence[Any]]  # what the columns of the roll-up may be, by dimension
    by_months: bool  # whether the sums of months are enough

    @property
    def reach(self) -> Reach:
        """From the first day anywhere to the last."""
        return min(first for first, _ in self.reaches.values()), max(last for _, last in self.reaches.values())

    @property
    def is_one_reach(self) -> bool:
        """Whether it is about the same days in all time zones."""
        return len(set(self.reaches.values())) == 1


def scope_of(question: Question, *, at: datetime, customers: Collection[int] | None = None) -> Scope:
    """Resolve the question at an instant, for all customers or only for these. Raises BadQuestion."""
    zones = Customer.objects.order_by().values_list("time_zone", flat=True).distinct()
    reaches = {zone: question.days.on(at.astimezone(ZoneInfo(zone)).date()) for zone in zones}
    reaches = reaches or {"UTC": question.days.on(at.astimezone(ZoneInfo("UTC")).date())}
    chosen = {name: RESOLVED[name](name, values) for name, values in question.filters}
    if customers is not None:
        asked = chosen.get("customer")
        chosen["customer"] = sorted(customers if asked is None else set(asked) & set(customers))
    return Scope(question, reaches, chosen, _are_months_enough(question, set(reaches.values())))


def _are_months_enough(question: Question, reaches: set[Reach]) -> bool:
    if len(reaches) > 1 or any(each.code in FINER_THAN_MONTHS for each in question.dimensions):
        return False
    [(first, last)] = reaches
    if (first, last) != (Month.of_day(first).first, Month.of_day(last).last):
        return False
    used = {each.code for each in question.dimensions} | {name for name, _ in question.filters}
    return not any(DIMENSIONS[code].is_fact and _changes_within_months(code, first, last) for code in used)


def _changes_within_months(fact: str, first: date, last: date) -> bool:
    """Whether a fact changes on a day other than the first of a month."""
    table = {"category": "leads_productrevision", "channel": "leads_sourcerevision"}[fact]
    with connection().cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT FROM {table} WHERE in_force_at IS NOT NULL AND first_day BETWEEN %s AND %s"  # noqa: S608
            " AND extract(day FROM first_day) <> 1)",
            [first, last],
        )
        return bool(cursor.fetchone()[0])


def _by_code(rows: Callable[[], QuerySet[Any]]) -> Callable[[str, Sequence[str]], list[int]]:
    def ids(name: str, codes: Sequence[str]) -> list[int]:
        asked = {code.lower(): code for code in codes}
        found = dict(rows().annotate(lower=Lower("code")).filter(lower__in=asked).values_list("lower", "pk"))
        _refuse_missing(name, [code for lower, code in asked.items() if lower not in found])
        return sorted(found.values())

    return ids


def _by_id(rows: Callable[[], QuerySet[Any]]) -> Callable[[str, Sequence[str]], list[int]]:
    def ids(name: str, numbers: Sequence[str]) -> list[int]:
        asked = {int(number): number for number in numbers if number.isascii() and number.isdecimal()}
        asked = {number: text for number, text in asked.items() if number <= LARGEST_ID}
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
