"""What the activity page was asked, from its address: ids in it are the customer's own, never ours."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Model, QuerySet
from django.http import QueryDict

from billing_engine.core.calendar.spans import Month
from leads.models import ActionType, Customer, Product, Source
from portal.gate import Visit
from portal.words import OUTCOMES
from pricing.models import MonthlyActivity
from pricing.models.activity import CHARGED, INCLUDED, UNRATED
from reports.domain.question.days import Days
from reports.domain.question.faults import BadQuestion
from reports.domain.question.question import Question

GROUPS = {
    "action_type,product": "Action, then product",
    "action_type": "Action",
    "product": "Product",
    "product,action_type": "Product, then action",
    "source": "Source",
    "channel": "Channel",
    "outcome": "Outcome",
    "day": "Day",
    "week": "Week",
    "month": "Month",
}
SHOWN = ("amount", "actions", "quantity", "charged", "included", "excluded", "unrated", "average")
NOT_CHARGED = "not_charged"  # all reasons together


@dataclass(slots=True)
class Asked:
    """The question, and what its form shows."""

    question: Question
    first: date
    last: date
    group: str
    lead: str
    chosen: dict[str, str] = field(default_factory=dict)
    fault: str = ""

    @property
    def parts(self) -> dict[str, Any]:
        """The parts of the address that repeat it."""
        days = {"first": self.first.isoformat(), "last": self.last.isoformat(), "group": self.group}
        return days | self.chosen | {"lead": self.lead}


@dataclass(frozen=True, slots=True)
class Choices:
    """What a customer can filter by: only what their own activity has."""

    product: QuerySet[Product]
    source: QuerySet[Source]
    action_type: QuerySet[ActionType]

    @classmethod
    def of(cls, customer: Customer) -> "Choices":
        found = MonthlyActivity.objects.filter(customer=customer).order_by()
        return cls(
            Product.objects.filter(customer=customer).order_by("name", "pk"),
            Source.objects.filter(pk__in=found.values("source").distinct()).order_by("name", "pk"),
            ActionType.objects.filter(pk__in=found.values("action_type").distinct()).order_by("name", "pk"),
        )

    def named(self) -> dict[str, QuerySet[Any]]:
        """By the name of the filter."""
        return {"product": self.product, "source": self.source, "action_type": self.action_type}


def asked_of(given: QueryDict, visit: Visit, choices: Choices) -> Asked:
    """Read the address; what can't be read is said, and this month is shown. Raises Http404 for ids of others."""
    month = Month.of_day(visit.customer.today)
    group = given.get("group", "") if given.get("group", "") in GROUPS else next(iter(GROUPS))
    chosen, filters = dict[str, str](), dict[str, tuple[str, ...]]()
    for name, rows in choices.named().items():
        if text := given.get(name, ""):
            row: Model = visit.find(rows, text)
            chosen[name] = text
            filters[name] = (str(row.pk) if name == "product" else str(getattr(row, "code", "")),)
    outcome = given.get("outcome", "")
    if outcome in OUTCOMES or outcome == NOT_CHARGED:
        chosen["outcome"] = outcome
        filters["outcome"] = (
            (outcome,) if outcome in OUTCOMES else tuple(OUTCOMES.keys() - {CHARGED, INCLUDED, UNRATED})
        )
    lead = given.get("lead", "").strip()[:200]
    try:
        days = Days.read(f"{given.get('first') or month.first}..{given.get('last') or month.last}")
        question = _question(group, days, filters)
        return Asked(question, days.first, days.last, group, lead, chosen)
    except BadQuestion as fault:
        question = _question(group, Days("", month.first, month.last), filters)
        return Asked(question, month.first, month.last, group, lead, chosen, str(fault))


def _question(group: str, days: Days, filters: dict[str, tuple[str, ...]]) -> Question:
    sort = "name" if group in ("day", "week", "month") else ""
    question = Question(show=SHOWN, group=tuple(group.split(",")), days=days, sort=sort)
    for name, values in filters.items():
        question = question.with_filter(name, *values)
    return question
