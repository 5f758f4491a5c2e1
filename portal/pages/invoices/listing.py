"""The list of invoices: states in tabs with counts and sums."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from billing_engine.core import money
from billing_engine.core.calendar.spans import Month
from billing_engine.core.tables.csv import csv_response
from leads.models import Customer
from portal.frame import page
from portal.gate import Visit
from portal.words import due_in_words, short_day, signed
from receivables.models import CreditNote
from receivables.queries.customer_invoices import CustomerInvoice, Standing, customer_invoices
from reports.queries.completeness import of_days

NONE = "–"
HEADER = ("Invoice", "Period", "Issued", "Due", "State", "Total", "Open", "Currency")
KINDS = {
    Standing.OPEN: "state-open",
    Standing.OVERDUE: "state-late",
    Standing.PAID: "state-paid",
    Standing.CREDITED: "",
    Standing.NOTHING: "",
    Standing.VOID: "",
}


@dataclass(frozen=True, slots=True)
class State:
    """A state in words, with its color."""

    words: str
    kind: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One invoice or credit note of the list."""

    name: str
    number: str
    address: str
    issued: str
    due: str
    state: State
    total: str
    open: str
    is_void: bool = False
    is_open: bool = False
    pdf: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """A state with how many there are and what they come to."""

    name: str
    count: int
    sum: str
    address: str
    is_here: bool
    is_late: bool = False


Chosen = Callable[[CustomerInvoice], bool]
TABS: dict[str, tuple[str, Chosen]] = {
    "": ("All", lambda _: True),
    "open": ("Open", lambda each: each.left > 0),
    "overdue": ("Overdue", lambda each: each.standing is Standing.OVERDUE),
    "paid": ("Paid", lambda each: each.standing is Standing.PAID),
    "void": ("Void", lambda each: each.is_void),
}
NOTES = "credit-notes"


def invoices_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show the invoices of one state, or the credit notes."""
    customer, chosen = visit.customer, request.GET.get("state", "")
    found = customer_invoices(customer, on=customer.today)
    notes = list(
        CreditNote.objects.issued().filter(invoice__customer=customer).select_related("invoice").order_by("-issued_at")
    )
    month = Month.of_day(customer.today)
    so_far = of_days(customer, month.first, month.last)
    rows = [row_of(visit, each) for each in found if chosen in TABS and TABS[chosen][1](each)]
    return page(
        request,
        visit,
        "invoices",
        "Invoices",
        here="invoices",
        tabs=[*_tabs(visit, found, chosen), _notes_tab(visit, notes, chosen)],
        rows=[_note_row(visit, each) for each in notes] if chosen == NOTES else rows,
        is_notes=chosen == NOTES,
        any=bool(found),
        month=f"{month.first:%B}",
        so_far=money.in_words(so_far.amount, customer.currency),
    )


def invoices_csv(_: HttpRequest, visit: Visit) -> HttpResponseBase:
    """Return the list as a file."""
    rows = (
        [
            each.invoice.number,
            each.invoice.period.in_words,
            str(each.invoice.issued_on),
            str(each.invoice.due_on),
            state_of(each).words,
            str(each.owed),
            str(each.left),
            each.invoice.currency,
        ]
        for each in customer_invoices(visit.customer, on=visit.customer.today)
    )
    return csv_response("invoices.csv", HEADER, rows)


def row_of(visit: Visit, each: CustomerInvoice) -> Row:
    """One invoice in words."""
    invoice, currency = each.invoice, each.invoice.currency
    return Row(
        name=invoice.period.in_words,
        number=invoice.number or "",
        address=visit.address("invoice", invoice),
        issued=short_day(invoice.issued_on) if invoice.issued_on else NONE,
        due=NONE if each.is_void or not invoice.due_on else short_day(invoice.due_on),
        state=state_of(each),
        total=money.in_words(each.owed, currency),
        open=money.in_words(max(each.left, money.ZERO), currency),
        is_void=each.is_void,
        is_open=each.left > 0,
        pdf=visit.address("invoice_pdf", invoice),
    )


def state_of(each: CustomerInvoice) -> State:
    """The state of an invoice in words: `Due in 9 days`, `Paid Oct 1`."""
    standing = each.standing
    return State(_words(each, standing), _kind(each, standing), _note(each))


def _kind(each: CustomerInvoice, standing: Standing) -> str:
    if standing is Standing.OPEN and each.invoice.due_on == each.today:
        return "state-warn"
    return KINDS[standing]


def _words(each: CustomerInvoice, standing: Standing) -> str:
    if standing is Standing.VOID:
        return f"Void {_short(_voided_on(each))}"
    if standing in (Standing.OPEN, Standing.OVERDUE):
        due = each.invoice.due_on
        is_past = bool(due and due < each.today)
        if standing is Standing.OPEN and is_past:
            return "All of it disputed"
        return due_in_words(due, each.today) if due else "Open"
    if standing is Standing.PAID:
        return f"Paid {_short(each.used.paid_on)}"
    return f"Credited {_short(each.used.credited_on)}" if standing is Standing.CREDITED else "Nothing to pay"


def _note(each: CustomerInvoice) -> str:
    """What else to know: what is disputed, was paid or credited, or replaces it."""
    currency, used = each.invoice.currency, each.used
    parts = list[str]()
    if each.is_void:
        parts.append(each.invoice.void_reason)
        if each.replacements.replaced_by and each.replacements.replaced_by.number:
            parts.append(f"replaced by {each.replacements.replaced_by.number}")
        return ", ".join(parts)
    if each.disputed:
        parts.append(f"{money.in_words(each.disputed, currency)} disputed")
    if used.paid and each.left > 0:
        parts.append(f"{money.in_words(used.paid, currency)} paid {_short(used.paid_on)}")
    if used.credited and each.standing is not Standing.CREDITED:
        parts.append(f"{money.in_words(used.credited, currency)} credited")
    if each.replacements.replaces and each.replacements.replaces.number:
        parts.append(f"replaces {each.replacements.replaces.number}")
    return ", ".join(parts)


def _voided_on(each: CustomerInvoice) -> date | None:
    at = each.invoice.voided_at
    return each.invoice.customer.day_of(at) if at else None


def _short(day: date | None) -> str:
    return f"{day:%b} {day.day}" if day else ""


def _tabs(visit: Visit, found: Sequence[CustomerInvoice], chosen: str) -> list[Tab]:
    tabs = list[Tab]()
    for code, (name, picks) in TABS.items():
        some = [each for each in found if picks(each)]
        total = _sum(some, left=code in ("open", "overdue"))
        amount = _in_words(total, visit.customer, some)
        address = visit.address("invoices", state=code)
        tabs.append(Tab(name, len(some), amount, address, code == chosen, is_late=code == "overdue" and bool(some)))
    return tabs


def _sum(some: Sequence[CustomerInvoice], *, left: bool) -> Decimal:
    return sum((each.left if left else money.ZERO if each.is_void else each.owed for each in some), money.ZERO)


def _in_words(total: Decimal, customer: Customer, some: Sequence[CustomerInvoice]) -> str:
    """The sum, unless currencies differ, whose amounts are never added up."""
    currencies = {each.invoice.currency for each in some} or {customer.currency}
    return money.in_words(total, currencies.pop()) if len(currencies) == 1 else "several currencies"


def _notes_tab(visit: Visit, notes: Sequence[CreditNote], chosen: str) -> Tab:
    total = -sum((note.total for note in notes), money.ZERO)
    amount = signed(total, visit.customer.currency)
    return Tab("Credit notes", len(notes), amount, visit.address("invoices", state=NOTES), chosen == NOTES)


def _note_row(visit: Visit, note: CreditNote) -> Row:
    currency = note.invoice.currency
    return Row(
        name=note.number or "",
        number=f"for {note.invoice.number}",
        address=visit.address("invoice", note.invoice),
        issued=short_day(note.issued_on) if note.issued_on else NONE,
        due=NONE,
        state=State("Credit note", ""),
        total=signed(-note.total, currency),
        open=NONE,
        pdf=visit.address("credit_note_pdf", note),
    )
