"""From the exact amounts of whole billing periods to the totals of their invoices, below the table."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from billing_engine.core import money
from reports.queries.explore.answer import Answer
from reports.queries.explore.invoice_foot import Foot, foot_of


@dataclass(frozen=True, slots=True)
class ShownFoot:
    """One currency: the exact amounts, each step as its own row, the total of the invoices."""

    currency: str
    exact: str
    steps: list[tuple[str, str]]
    total: str
    notes: tuple[str, ...]
    differing: int
    invoices: str  # the address of the invoices


def feet_of(answer: Answer) -> list[ShownFoot]:
    """The feet, if the question is about whole billing periods: all their days, of some customers or of all."""
    question = answer.question
    filters = {name for name, _ in question.filters}
    if "period" not in filters or filters - {"period", "customer"} or question.days.named != "all":
        return []
    chosen = answer.scope.chosen
    return [_shown(foot, question.chosen("period")) for foot in foot_of(chosen.get("customer"), chosen["period"])]


def _shown(foot: Foot, labels: tuple[str, ...]) -> ShownFoot:
    month = {"period__label": labels[0]} if len(labels) == 1 else {}
    return ShownFoot(
        foot.currency,
        money.price_in_words(foot.exact, foot.currency),
        [(name, money.difference_in_words(amount, foot.currency)) for name, amount in foot.steps if amount],
        money.in_words(foot.total, foot.currency),
        foot.notes,
        len(foot.differing),
        f"{reverse('admin:invoices_invoice_changelist')}?{urlencode(month)}",
    )
