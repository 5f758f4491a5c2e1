"""The whole question, in one value: page, file, email and API ask the same one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import urlencode

from reports.domain.question.days import Days
from reports.domain.question.dimensions import DIMENSIONS, FILTERS, TIMES, Dimension
from reports.domain.question.faults import BadQuestion
from reports.domain.question.measures import MEASURES, Measure

MOST_GROUPS, MOST_VALUES, LONGEST_VALUE = 3, 200, 200
LISTED = ","
# Parts of the address that are not filters. `sort` is a measure, with a minus for the largest first.
PARTS = ("show", "group", "columns", "days", "sort", "chart")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which measures of which activity, by what. Everything about the answer depends on this alone, and on the day."""

    show: tuple[str, ...] = ("amount", "actions", "average")
    group: tuple[str, ...] = ("customer",)
    columns: str = ""
    days: Days = field(default_factory=lambda: Days("this_month"))
    sort: str = ""
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __post_init__(self) -> None:
        if not self.show:
            raise BadQuestion("show", "Choose at least one figure to show.")
        if len(self.group) > MOST_GROUPS:
            raise BadQuestion("group", f"Group by at most {MOST_GROUPS} things.")
        if len({*self.group, self.columns}) <= len(self.group):
            raise BadQuestion("group", "Group by each thing once.")
        self._check_leads()

    def _check_leads(self) -> None:
        counting = [MEASURES[code].name for code in self.show if MEASURES[code].counts_leads]
        told_apart = (*self.dimensions, *(DIMENSIONS[code] for code, _ in self.filters))
        apart = next((each for each in told_apart if not each.of_leads), None)
        if counting and apart:
            raise BadQuestion(
                "show",
                f"{counting[0]} can't be shown by {apart.name.lower()}, because a lead's actions may differ in it.",
            )

    @classmethod
    def read(cls, parts: Mapping[str, Sequence[str]]) -> Self:
        """From the parts of an address, each with its values; unknown parts are ignored. Raises BadQuestion."""
        read = {name: _listed(parts.get(name, ())) for name in PARTS}
        default = cls()
        days = parts.get("days", ())
        return cls(
            show=tuple(_known("show", read["show"], MEASURES)) or default.show,
            group=tuple(_known("group", read["group"], DIMENSIONS)) if "group" in parts else default.group,
            columns=next(iter(_known("columns", read["columns"], TIMES)), ""),
            days=Days.read(days[-1]) if days and days[-1] else Days("all") if parts.get("period") else default.days,
            sort=_sort(read["sort"]),
            filters=tuple((name, values) for name in FILTERS if (values := _values(name, parts.get(name, ())))),
        )

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The groups, then the columns."""
        return tuple(DIMENSIONS[code] for code in (*self.group, self.columns) if code)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The figures shown, in order."""
        return tuple(MEASURES[code] for code in self.show)

    @property
    def sorted_by(self) -> tuple[str, bool]:
        """The measure that rows are sorted by, and whether the largest comes first; "" for their names."""
        if self.sort == "name":
            return "", False
        return (self.sort.lstrip("-"), self.sort.startswith("-")) if self.sort else (self.show[0], True)

    def chosen(self, name: str) -> tuple[str, ...]:
        """The values that a filter lets through; none means all."""
        return dict(self.filters).get(name, ())

    def with_filter(self, name: str, *values: str) -> Self:
        """The same question, with this filter replaced, or removed if there are no values."""
        kept = dict(self.filters) | {name: values}
        return replace(self, filters=tuple((each, kept[each]) for each in FILTERS if kept.get(each)))

    @property
    def parts(self) -> dict[str, str | tuple[str, ...]]:
        """The parts of its address, in order."""
        written: dict[str, str | tuple[str, ...]] = {"show": LISTED.join(self.show), "group": LISTED.join(self.group)}
        if self.columns:
            written["columns"] = self.columns
        written["days"] = str(self.days)
        if self.sort:
            written["sort"] = self.sort
        return written | dict(self.filters)

    def __str__(self) -> str:
        return urlencode(self.parts, doseq=True, safe=",.")


def _listed(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(one.strip() for value in values for one in value.split(LISTED) if one.strip()))


def _known(part: str, codes: Iterable[str], known: Mapping[str, object]) -> list[str]:
    found = list(codes)
    if odd := next((code for code in found if code not in known), None):
        raise BadQuestion(part, f"“{odd[:60]}” can't be used for {part}. Choose from {', '.join(known)}.")
    return found


def _sort(codes: list[str]) -> str:
    if not codes or codes[0] == "name":
        return codes[0] if codes else ""
    _known("sort", [codes[0].lstrip("-")], MEASURES)
    return ("-" if codes[0].startswith("-") else "") + codes[0].lstrip("-")


def _values(name: str, values: Sequence[str]) -> tuple[str, ...]:
    # Not split at commas: a category may contain one. An empty category is a value, too, written as "-".
    found = tuple(dict.fromkeys(value.strip() for value in values if value.strip()))
    if len(found) > MOST_VALUES:
        raise BadQuestion(name, f"Choose at most {MOST_VALUES} {FILTERS[name].many}.")
    if any(len(value) > LONGEST_VALUE or "\0" in value for value in found):
        raise BadQuestion(name, f"One of the {FILTERS[name].many} does not exist.")
    choices = FILTERS[name].choices
    if choices and (odd := next((value for value in found if value not in choices), None)):
        raise BadQuestion(
            name, f"There is no {FILTERS[name].name.lower()} “{odd[:60]}”. Choose from {', '.join(choices)}."
        )
    return found
