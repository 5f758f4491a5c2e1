"""The charges of a line page by page, each with its share."""

from dataclasses import dataclass
from decimal import Decimal

from invoices.domain.lines.detail import ChargeCursor, DetailCharge
from invoices.domain.lines.kept import place_of, reached, shares_from, start_of
from invoices.domain.lines.one_line import page_of_line
from invoices.models import InvoiceLine
from leads.models import Action

ROWS = 50


@dataclass(frozen=True, slots=True)
class ChargesPage:
    """Some charges of a line in rating order, the share of each by its action, and whether there are others around."""

    charges: list[DetailCharge]
    shares: dict[int, Decimal]
    has_earlier: bool
    has_later: bool


def charges_page(line: InvoiceLine, *, after: Action | None = None, before: Action | None = None) -> ChargesPage:
    """Return the first charges of an issued invoice's line, or those after or before an action."""
    found = page_of_line(line, limit=ROWS + 1, after=_place(after), before=_place(before))
    is_back = before is not None and after is None
    has_more = len(found) > ROWS
    charges = found[-ROWS:] if is_back else found[:ROWS]
    is_first = not has_more if is_back else after is None
    here = start_of(line) if is_first or not charges else reached(line, place_of(charges[0]))
    shares = shares_from(line, here, charges, then=found[ROWS] if has_more and not is_back else None)
    by_action = {each.action: share for each, share in zip(charges, shares, strict=True)}
    has_earlier = bool(charges) and not is_first
    return ChargesPage(charges, by_action, has_earlier=has_earlier, has_later=bool(charges) and (is_back or has_more))


def _place(action: Action | None) -> ChargeCursor | None:
    return (action.occurred_at, action.pk) if action else None
