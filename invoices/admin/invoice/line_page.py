"""The content of a line's page: its days, its charges, and sums that lead to the line's amount."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from babel.dates import format_date
from django.http import Http404

from billing_engine.core import money
from billing_engine.core.calendar.spans import Span, midnight
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.validation import key_of
from invoices.domain.document.content_lines import charged_line, counted_together, late_note
from invoices.domain.lines.detail import ChargeCursor, DetailCharge
from invoices.domain.lines.kept import days_of, less, place_of, reached, shares_from, start_of, sums_of
from invoices.domain.lines.one_line import LineDay, RunningSums, page_of_line
from invoices.domain.wording import quantity_in_words
from invoices.models import InvoiceLine
from leads.models import Action
from pricing.wording.caps import above
from pricing.wording.decision import reason_in_words

CHARGES_A_PAGE = 100


@dataclass(frozen=True, slots=True)
class ShownCharge:
    """One charge as formatted text, with the ids for its links."""

    charge: DetailCharge
    quantity: str
    exact: str
    share: str
    why: str


@dataclass(frozen=True, slots=True)
class ShownDay:
    """One of the line's days, which links to its charges."""

    day: str  # as in the URL
    name: str
    actions: str
    quantity: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Sum:
    """A row of sums: number of charges, quantity, exact amount and sum of the shares."""

    label: str
    charges: int
    quantity: str
    exact: str
    amount: str


@dataclass(frozen=True, slots=True)
class LinePage:
    """A page of the charges of a line, or of one of its days."""

    charges: tuple[ShownCharge, ...]
    days: tuple[ShownDay, ...]
    day: str
    sums: tuple[Sum, ...]
    first: int
    last: int
    count: int
    is_first: bool
    is_last: bool
    notes: tuple[str, ...]
    is_charged: bool
    zone: str


def line_page(line: InvoiceLine, *, after: str = "", before: str = "", day: str = "") -> LinePage:
    """Return the line's first charges, or those after or before an action, optionally of one day only.

    Raises Http404 if its period has no such action, or the line no such day.
    """
    places = _place(line, after), _place(line, before)
    days = days_of(line)
    chosen = _chosen(days, day)
    span = _span(line, chosen)
    found = page_of_line(line, limit=CHARGES_A_PAGE + 1, after=places[0], before=places[1], within=span)
    is_back = bool(before) and not after
    rows = found[-CHARGES_A_PAGE:] if is_back else found[:CHARGES_A_PAGE]
    then = None if is_back else next(iter(found[CHARGES_A_PAGE:]), None)
    begin = reached(line, (span.start, 0)) if span else start_of(line)
    whole = less(reached(line, (span.end, 0)).sums, begin.sums) if span else _whole(line)
    here = reached(line, place_of(rows[0])) if rows and any(places) else begin
    shares = shares_from(line, here, rows, then=then)
    passed = less(here.sums, begin.sums)
    return LinePage(
        charges=tuple(_shown(line, row, share) for row, share in zip(rows, shares, strict=True)),
        days=tuple(_shown_day(each, chosen) for each in days),
        day=day,
        sums=_sums(line, passed, sums_of(rows, shares), whole, chosen),
        first=passed.charges + 1 if rows else 0,
        last=passed.charges + len(rows),
        count=whole.charges,
        is_first=not passed.charges,
        is_last=passed.charges + len(rows) >= whole.charges,
        notes=_notes(line),
        is_charged=line.kind == InvoiceLine.Kind.CHARGES,
        zone=line.invoice.customer.time_zone,
    )


def _notes(line: InvoiceLine) -> tuple[str, ...]:
    """Return the notes below the line on the invoice."""
    if line.kind != InvoiceLine.Kind.CHARGES:
        return late_note(line)
    over = counted_together(line.invoice.lines.filter(rule=line.rule_id)).get(line.position, "")
    return charged_line(line, line.invoice.currency, counted_over=over).notes


def _chosen(days: list[LineDay], day: str) -> LineDay | None:
    if not day:
        return None
    found = next((each for each in days if each.day.isoformat() == day), None)
    if found is None:
        raise Http404
    return found


def _span(line: InvoiceLine, chosen: LineDay | None) -> Span | None:
    zone = line.invoice.customer.zone
    return chosen and Span(midnight(chosen.day, zone), midnight(chosen.day + timedelta(days=1), zone))


def _place(line: InvoiceLine, action: str) -> ChargeCursor | None:
    if not action:
        return None
    key = key_of(action)
    found = None if key is None else Action.objects.filter(pk=key, period=line.invoice.period_id).first()
    if found is None:
        raise Http404
    return found.occurred_at, found.pk


def _shown(line: InvoiceLine, row: DetailCharge, share: Decimal) -> ShownCharge:
    currency = line.invoice.currency
    return ShownCharge(
        charge=row,
        quantity=quantity_in_words(row.quantity),
        exact=money.price_in_words(row.exact_amount, currency),
        share=money.in_words(share, currency),
        why=_why(row, currency),
    )


def _shown_day(each: LineDay, chosen: LineDay | None) -> ShownDay:
    return ShownDay(
        day=each.day.isoformat(),
        name=str(format_date(each.day, "MMM d", locale=money.LOCALE)),
        actions=f"{each.charges:,} {'action' if each.charges == 1 else 'actions'}",
        quantity=quantity_in_words(each.quantity),
        is_chosen=each == chosen,
    )


def _why(row: DetailCharge, currency: str) -> str:
    text = _rule_or_reason(row, currency)
    return f"{text}; voided after billing" if row.voided_after_close and not row.reason else text


def _rule_or_reason(row: DetailCharge, currency: str) -> str:
    if row.reason:
        return reason_in_words(row.reason)
    full = f"{money.price_in_words(row.full_amount, currency)} less " if row.cuts else ""
    cuts = [f"{money.price_in_words(cut, currency)} {above(cap)}" for cap, cut in row.cuts]
    return "; ".join(filter(None, [row.rule_name, full + " and ".join(cuts)]))


def _whole(line: InvoiceLine) -> RunningSums:
    return RunningSums(line.actions, line.quantity, line.exact_amount, line.amount)


def _sums(
    line: InvoiceLine, passed: RunningSums, here: RunningSums, whole: RunningSums, chosen: LineDay | None
) -> tuple[Sum, ...]:
    """Return the sums before, on and after the page (empty ones are left out), of the chosen day, and of the line."""
    rest = less(less(whole, passed), here)
    parts = [("Before this page", passed), ("On this page", here), ("After this page", rest)]
    shown = [(label, part) for label, part in parts if part.charges]
    if len(shown) == 1:
        shown = []
    if chosen:
        shown.append((day_in_words(chosen.day), whole))
    currency = line.invoice.currency
    return tuple(
        Sum(
            label,
            part.charges,
            f"{quantity_in_words(part.quantity)} {line.unit}".strip(),
            money.price_in_words(part.exact, currency),
            money.in_words(part.amount, currency),
        )
        for label, part in [*shown, ("Whole line", _whole(line))]
    )
