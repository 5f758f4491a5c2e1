"""Actions as rows of a page."""

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.safestring import SafeString

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import Colour, chip
from billing_engine.core.calendar.instants import instant_in_words
from reports.domain.question.dimensions import OUTCOMES
from reports.queries.explore.rows import ActivityRow

COLOURS: dict[str, Colour] = {"charged": "green", "included": "green", "unrated": "orange"}


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One action, formatted."""

    at: str
    customer: str
    lead: str
    product: str
    source: str
    action_type: str
    quantity: str
    outcome: SafeString
    amount: str
    before_caps: str
    address: str


def shown_rows(rows: Iterable[ActivityRow]) -> list[ShownRow]:
    """The rows, each linked to its charge, or to its action if it has none."""
    return [_shown(row) for row in rows]


def _shown(row: ActivityRow) -> ShownRow:
    page = "leads_action" if row.amount is None else "pricing_charge"
    is_cut = row.amount is not None and row.full_amount is not None and row.full_amount != row.amount
    return ShownRow(
        instant_in_words(row.occurred_at, ZoneInfo(row.time_zone)),
        row.customer,
        row.lead,
        row.product,
        row.source,
        row.action_type,
        money.number_in_words(row.quantity),
        chip(OUTCOMES[row.outcome], COLOURS.get(row.outcome, "plain")),
        "–" if row.amount is None else money.price_in_words(row.amount, row.currency),
        money.price_in_words(row.full_amount, row.currency) if is_cut and row.full_amount is not None else "",
        reverse(f"admin:{page}_change", args=[row.action]),
    )
