"""The charges of a line page by page, each with its share; the shares before a page are kept, because a line may be long."""

from copy import copy
from dataclasses import dataclass

from django.core.cache import cache

from invoices.domain.lines.allocation import Allocation, zero_allocation
from invoices.domain.lines.detail import ChargeCursor, DetailCharge
from invoices.domain.lines.one_line import advance, allocation_of, page_of_line
from invoices.models import InvoiceLine
from leads.models import Action

ROWS = 50
KEPT_SECONDS = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class ChargesPage:
    """Some charges of a line in rating order, and how its amount is spread over them and those after them."""

    charges: list[DetailCharge]
    spread: Allocation
    has_earlier: bool
    has_later: bool


def charges_page(line: InvoiceLine, *, after: Action | None = None, before: Action | None = None) -> ChargesPage:
    """Return the first charges of an issued invoice's line, or those after or before an action."""
    found = page_of_line(line, limit=ROWS + 1, after=_place(after), before=_place(before))
    is_back = before is not None and after is None
    has_more = len(found) > ROWS
    charges = found[-ROWS:] if is_back else found[:ROWS]
    if not charges:
        return ChargesPage([], zero_allocation(line.invoice.currency), has_earlier=False, has_later=False)
    is_first = not has_more if is_back else after is None
    spread = _spread_before(line, charges[0], is_first=is_first)
    if not is_back and has_more:
        _keep(line, found[ROWS], _passed(spread, charges))
    return ChargesPage(charges, spread, has_earlier=not is_first, has_later=is_back or has_more)


def _place(action: Action | None) -> ChargeCursor | None:
    return (action.occurred_at, action.pk) if action else None


def _spread_before(line: InvoiceLine, first: DetailCharge, *, is_first: bool) -> Allocation:
    """How the line's amount is spread from this charge on: issued invoices never change, so it is calculated once."""
    kept: Allocation | None = cache.get(_key(line, first))
    if kept is not None:
        return kept
    spread = allocation_of(line)
    if not is_first:
        advance(line, spread, first)
    _keep(line, first, spread)
    return spread


def _passed(spread: Allocation, charges: list[DetailCharge]) -> Allocation:
    passed = copy(spread)
    for each in charges:
        passed.next_share(each.exact_amount)
    return passed


def _keep(line: InvoiceLine, first: DetailCharge, spread: Allocation) -> None:
    cache.set(_key(line, first), spread, KEPT_SECONDS)


def _key(line: InvoiceLine, first: DetailCharge) -> str:
    return f"line-shares:{line.pk}:{line.amount}:{first.action}"
