"""What a line's page shows: its charges in words, and the sums before, on and after the page, which make the line."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.http import Http404

from billing_engine.core import money
from invoices.domain.detail import DetailCharge, Passed, Place, page_of_line, passed_before, shares_of
from invoices.domain.paper_lines import late_note, reason_in_words
from invoices.domain.shares import nothing_to_spread
from invoices.domain.wording import quantity_in_words
from invoices.models import InvoiceLine
from leads.models import Action

CHARGES_A_PAGE = 100
CAPS = {"per_lead": "limit per lead", "per_period": "limit per period", "budget": "monthly budget"}


@dataclass(frozen=True, slots=True)
class ShownCharge:
    """One charge in words, with the numbers its links need."""

    charge: DetailCharge
    occurred_at: datetime  # in the customer's time zone
    quantity: str
    exact: str
    share: str
    why: str


@dataclass(frozen=True, slots=True)
class Sum:
    """How many charges, and what they come to exactly and in shares."""

    label: str
    charges: int
    exact: str
    amount: str


@dataclass(frozen=True, slots=True)
class LinePage:
    """A page of a line's charges."""

    charges: tuple[ShownCharge, ...]
    sums: tuple[Sum, ...]
    first: int
    last: int
    is_first: bool
    is_last: bool
    notes: tuple[str, ...]
    is_charged: bool
    zone: str


def line_page(line: InvoiceLine, *, after: str = "", before: str = "") -> LinePage:
    """The line's first charges, or those after or before an action of it; Http404 where that is none of its period."""
    places = _place(line, after), _place(line, before)
    rows = page_of_line(line, limit=CHARGES_A_PAGE, after=places[0], before=places[1])
    spread = shares_of(line.invoice, line).get(line.position) or nothing_to_spread(line.invoice.currency)
    passed = Passed(0, money.ZERO, money.ZERO)
    if rows and any(places):
        passed = passed_before(line, rows[0], spread)
    shares = [spread.of(row.exact_amount) for row in rows]
    last = passed.charges + len(rows)
    zone = line.invoice.customer.zone
    return LinePage(
        charges=tuple(_shown(line, row, share, zone) for row, share in zip(rows, shares, strict=True)),
        sums=_sums(line, passed, rows, shares),
        first=passed.charges + 1 if rows else 0,
        last=last,
        is_first=not passed.charges,
        is_last=last >= line.actions,
        notes=late_note(line),
        is_charged=line.kind == InvoiceLine.Kind.CHARGES,
        zone=line.invoice.customer.time_zone,
    )


def _place(line: InvoiceLine, action: str) -> Place | None:
    if not action:
        return None
    known = action.isdecimal() and len(action) < len(str(2**63))
    found = Action.objects.filter(pk=int(action), period=line.invoice.period_id).first() if known else None
    if found is None:
        raise Http404
    return found.occurred_at, found.pk


def _shown(line: InvoiceLine, row: DetailCharge, share: Decimal, zone: ZoneInfo) -> ShownCharge:
    currency = line.invoice.currency
    return ShownCharge(
        charge=row,
        occurred_at=row.occurred_at.astimezone(zone),
        quantity=quantity_in_words(row.quantity),
        exact=money.price_in_words(row.exact_amount, currency),
        share=money.in_words(share, currency),
        why=_why(row, currency),
    )


def _why(row: DetailCharge, currency: str) -> str:
    if row.reason:
        return reason_in_words(row.reason)
    if row.cap:
        return f"{row.rule_name}; {money.price_in_words(row.full_amount, currency)} before the {CAPS[row.cap]}"
    return row.rule_name or ""


def _sums(line: InvoiceLine, passed: Passed, rows: list[DetailCharge], shares: list[Decimal]) -> tuple[Sum, ...]:
    """Before, on and after the page; what is empty is left out, and the line itself comes last."""
    here = Passed(len(rows), sum((row.exact_amount for row in rows), money.ZERO), sum(shares, money.ZERO))
    whole = Passed(line.actions, line.exact_amount, line.amount)
    rest = Passed(
        whole.charges - passed.charges - here.charges,
        whole.exact - passed.exact - here.exact,
        whole.amount - passed.amount - here.amount,
    )
    parts = [("Before this page", passed), ("On this page", here), ("After this page", rest)]
    told = [(label, part) for label, part in parts if part.charges]
    if len(told) == 1:
        told = []
    currency = line.invoice.currency
    return tuple(
        Sum(label, part.charges, money.price_in_words(part.exact, currency), money.in_words(part.amount, currency))
        for label, part in [*told, ("The line", whole)]
    )
