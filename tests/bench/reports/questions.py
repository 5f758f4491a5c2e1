"""The questions of the bench: one and two groups of every kind, columns and filters, about a month or a year."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from leads.models import Product
from pricing.models import PriceRule
from reports.domain.question.days import Days
from reports.domain.question.dimensions import FILTERS, TIMES
from reports.domain.question.question import Question

# A whole month, as many days that are not whole month, and twelve whole months: all within the two years.
REACHES = {
    "month": (Days.read("2026-08-01..2026-08-31"), Days.read("2026-07-20..2026-08-19")),
    "year": (Days.read("2025-10-01..2026-09-30"), Days.read("2025-09-15..2026-09-14")),
}
COLUMNS = {"month": ("day", "week"), "year": ("week", "month")}
SHOWN = {"usual": ("amount", "actions", "average"), "all": ("amount", "quantity", "charged", "excluded", "unrated")}
# Groups that leads can be counted by.
OF_LEADS = ("customer", "product", "category", "source", "channel")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what it is, in words."""

    what: str
    question: Question

    def __str__(self) -> str:
        return f"{self.what}: {self.question}"


def questions(length: str) -> Iterator[Asked]:
    """The questions about activity in a month or a year."""
    for days in REACHES[length]:
        for group in (*FILTERS, *TIMES):
            yield Asked("one group", Question(group=(group,), days=days))
        for groups in combinations(FILTERS, 2):
            yield Asked("two groups", Question(group=groups, days=days))
        for group in FILTERS:
            for columns in COLUMNS[length]:
                yield Asked("columns", Question(group=(group,), columns=columns, days=days))
        for name, value in _filters():
            for groups in (("customer",), ("product", "source"), ("month",)):
                yield Asked("filter", Question(group=groups, days=days, filters=((name, value),)))
        yield Asked("all figures", Question(show=SHOWN["all"], group=("customer", "outcome"), days=days))
        yield Asked("three groups", Question(group=("customer", "product", "outcome"), days=days))


def questions_about_leads(length: str) -> Iterator[Asked]:
    """The same about leads, which are counted one by one."""
    for days in REACHES[length]:
        for group in OF_LEADS:
            yield Asked("leads", Question(show=("leads", "amount", "per_lead"), group=(group,), days=days))


def _filters() -> Iterator[tuple[str, tuple[str, ...]]]:
    """A filter of each kind, by the largest customer's values."""
    yield "customer", ("C000",)
    yield "customer", tuple(f"C{n:03d}" for n in range(100, 150))
    yield "product", (str(Product.objects.earliest("pk").pk),)
    yield "category", ("tiles",)
    yield "source", ("source0", "source7")
    yield "channel", ("webinar",)
    yield "action_type", ("sample_order",)
    yield "rule", (str(PriceRule.objects.earliest("pk").pk),)
    yield "outcome", ("charged", "included")
    yield "period", ("2026-08",)
