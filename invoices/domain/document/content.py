"""The content of an invoice as formatted text, shared by the page and the PDF."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import prefetch_related_objects

from billing_engine.core import money
from billing_engine.core.calendar.wording import count_of_days, day_in_words, span_in_words, stretch_in_words
from billing_engine.core.money import in_words
from invoices.domain.document.content_lines import (
    ChargedLine,
    UnchargedLine,
    charged_line,
    counted_together,
    uncharged_line,
)
from invoices.domain.document.parties import SELLERS, bill_to, day_of_paper, seller_of
from invoices.domain.document.replacement import replacement_notice, replacement_of
from invoices.domain.lines.books import books
from invoices.domain.proof.printed import printed
from invoices.domain.wording import (
    clean,
    lines_of,
    quantity_in_words,
    rate_in_words,
)
from invoices.models import Invoice, InvoiceLine, InvoiceTax


@dataclass(frozen=True, slots=True)
class LabeledValue:
    """A label and its value: `Due date`, `November 30, 2026`."""

    label: str
    value: str
    notes: tuple[str, ...] = ()  # below the label


@dataclass(frozen=True, slots=True)
class Party:
    """The seller or the customer."""

    name: str
    address: tuple[str, ...]
    tax_id: str
    emails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InvoiceContent:
    """The content of an invoice: all text final, all amounts formatted."""

    title: str
    mark: str  # "DRAFT" until it is issued, "VOID" when it is void
    number: str
    made_on: str  # ISO date, for the document's metadata
    seller: Party
    bill_to: Party
    details: tuple[LabeledValue, ...]
    headline: str
    subject: str
    lines: tuple[ChargedLine, ...]
    subtotals: tuple[LabeledValue, ...]
    total: LabeledValue
    uncharged: tuple[UnchargedLine, ...]
    uncharged_total: LabeledValue | None
    payment: tuple[str, ...]
    questions: tuple[str, ...]
    was: str = ""  # a void invoice's former headline and total, shown crossed out
    total_was: str = ""
    proof: tuple[str, ...] = ()  # the fingerprint and the key
    notices: tuple[str, ...] = ()  # says that the invoice is void, and what replaces it

    def as_data(self) -> dict[str, Any]:
        """Return the content as plain lists, dictionaries and strings."""
        return asdict(self)


def content_of(invoice: Invoice, *, as_issued: bool = False) -> InvoiceContent:
    """Return an invoice's content, in a constant number of queries for any number of lines.

    With `as_issued`, a void invoice's content is as it was before it was voided.
    """
    invoice = Invoice.objects.select_related("period__customer").prefetch_related(SELLERS).get(pk=invoice.pk)
    if as_issued and invoice.state == Invoice.State.VOID:
        invoice.state = Invoice.State.ISSUED
    # An issued invoice keeps the details of both parties; a draft shows the current ones.
    issued = invoice.number is not None
    day = day_of_paper(invoice)
    seller: dict[str, Any] = invoice.seller if issued else seller_of(invoice, on=day)
    customer: dict[str, Any] = invoice.bill_to if issued else _bill_to(invoice, day)
    with money.read_in(
        customer.get("locale", str(money.LOCALE))
    ):  # invoices issued before there was a choice have none
        return _content(invoice, seller, customer)


def _bill_to(draft: Invoice, day: date) -> dict[str, Any]:
    return bill_to(draft, on=day, windows=books().dispute_windows())


def _content(invoice: Invoice, seller: dict[str, Any], customer: dict[str, Any]) -> InvoiceContent:
    stored = list(invoice.lines.select_related("action_type", "rule").order_by("position"))
    if any(line.late_from for line in stored):
        prefetch_related_objects([invoice.period.customer], "cycle_changes")  # needed to name the week of late lines
    charged = [line for line in stored if line.kind != InvoiceLine.Kind.NOT_CHARGED]
    uncharged = [line for line in stored if line.kind == InvoiceLine.Kind.NOT_CHARGED]
    over = counted_together(charged)
    zone = ZoneInfo(customer["time_zone"])
    total = in_words(invoice.total, invoice.currency)
    headline = f"{total} due {day_in_words(invoice.due_on)}" if invoice.due_on else f"{total} due"
    is_void = invoice.state == Invoice.State.VOID
    due = in_words(amount_due(invoice) if is_void else invoice.total, invoice.currency)
    return InvoiceContent(
        title="Invoice",
        mark=_mark(invoice),
        number=invoice.number or "",
        made_on=(invoice.issued_on or invoice.created_at.astimezone(zone).date()).isoformat(),
        seller=party_of(seller, [seller["email"]]),
        bill_to=party_of(customer, customer["contacts"]),
        details=_details(invoice, customer, zone),
        headline="Nothing is due" if is_void else headline,
        subject=f"Lead activity for {span_in_words(invoice.period.start_at, invoice.period.end_at, zone)}",
        lines=tuple(charged_line(line, invoice.currency, counted_over=over.get(line.position, "")) for line in charged),
        subtotals=_subtotals(invoice),
        total=LabeledValue("Total due", f"{due} {invoice.currency}"),
        uncharged=tuple(uncharged_line(line, invoice.currency) for line in uncharged),
        uncharged_total=_uncharged_total(uncharged, invoice.currency),
        payment=_payment(invoice, seller["pay_to"]),
        questions=() if is_void else _questions(invoice, seller, customer),
        was=headline if is_void else "",
        total_was=f"{total} {invoice.currency}" if is_void else "",
        proof=printed(invoice) if invoice.number else (),
        notices=_notices(invoice, zone),
    )


def amount_due(invoice: Invoice) -> Decimal:
    """Return what the customer owes on this invoice: zero unless it is issued."""
    return invoice.total if invoice.state == Invoice.State.ISSUED else money.ZERO


def _notices(invoice: Invoice, zone: ZoneInfo) -> tuple[str, ...]:
    """Return the notices of a void invoice."""
    if invoice.state != Invoice.State.VOID or invoice.voided_at is None:
        return ()
    since = f"Void since {day_in_words(invoice.voided_at.astimezone(zone).date())}. No payment is due."
    replacement = replacement_of(invoice)
    return (since, replacement_notice(replacement)) if replacement else (since,)


def _questions(invoice: Invoice, seller: dict[str, Any], customer: dict[str, Any]) -> tuple[str, ...]:
    """Say until when and how to dispute charges, and where the detail is; older invoices lack some of it."""
    days, email, address = customer.get("dispute_days"), clean(seller["email"]), clean(seller.get("detail_url", ""))
    lines = []
    if days is not None:
        by_then = _until(invoice, days)
        to = f" by email to {email}" if email else ""
        lines.append(f"You can dispute charges {by_then}{to}. State the invoice, the line and the reason.")
        lines.extend(_shorter_windows(invoice, customer.get("dispute_windows", [])))
    if address:
        lines.append(f"See every charge at {address.replace('{number}', invoice.number or '…')}")
    return tuple(lines)


def _shorter_windows(invoice: Invoice, windows: list[dict[str, Any]]) -> Iterator[str]:
    """Say which reasons for disputes end earlier, one line for each last day."""
    for days, alike in groupby(windows, key=lambda each: each["days"]):
        names = ", ".join(clean(each["name"].lower()) for each in alike)
        until = _until(invoice, days)
        yield f"{until[:1].upper()}{until[1:]} for: {names}."


def _until(invoice: Invoice, days: int) -> str:
    """`until December 3, 2026`; on a draft, `within 30 days of issue`."""
    if invoice.issued_on:
        return f"until {day_in_words(invoice.issued_on + timedelta(days=days))}"
    return f"within {count_of_days(days)} of issue"


def party_of(details: dict[str, Any], emails: list[str]) -> Party:
    """Return the seller or the customer from stored details."""
    return Party(
        clean(details["name"]),
        lines_of(details["address"]),
        clean(details["tax_id"]),
        tuple(clean(email) for email in emails if email),
    )


def _details(invoice: Invoice, customer: dict[str, Any], zone: ZoneInfo) -> tuple[LabeledValue, ...]:
    """Return the details at the top, without empty ones."""
    if invoice.issued_on and invoice.due_on:
        days = (invoice.due_on - invoice.issued_on).days
        issue, due = day_in_words(invoice.issued_on), day_in_words(invoice.due_on)
    else:
        days, issue = customer["payment_terms_days"], "When issued"
        due = f"{count_of_days(days)} after issue" if days else "On issue"
    period = stretch_in_words(invoice.period.start_at, invoice.period.end_at, zone)
    details = (
        LabeledValue("Invoice number", "" if invoice.number else "When issued"),  # beside the title
        LabeledValue("Issue date", issue),
        LabeledValue("Due date", "" if invoice.state == Invoice.State.VOID else due),
        LabeledValue("Terms", _terms(invoice, days)),
        LabeledValue("Billing period", period),
        LabeledValue("Time zone", customer["time_zone"].replace("_", " ")),
        LabeledValue("PO number", clean(customer["purchase_order"])),
    )
    return tuple(fact for fact in details if fact.value)


def _terms(invoice: Invoice, days: int) -> str:
    if invoice.state == Invoice.State.VOID:
        return ""
    return f"Net {count_of_days(days)}" if days else "Due on receipt"


def _mark(invoice: Invoice) -> str:
    if invoice.state == Invoice.State.VOID:
        return "VOID"
    return "" if invoice.number else "DRAFT"


def _subtotals(invoice: Invoice) -> tuple[LabeledValue, ...]:
    """Return the rows from the lines to the total: taxes or the reason for none, and credit used or carried forward."""

    def fact(label: str, amount: Decimal, notes: tuple[str, ...] = ()) -> LabeledValue:
        return LabeledValue(label, in_words(amount, invoice.currency), notes)

    details = [fact("Subtotal", invoice.subtotal)]
    for tax in invoice.taxes.select_related("line").order_by("position"):
        on = f" on {in_words(tax.base, invoice.currency)}" if tax.categories else ""
        on = f" on the credit in line {tax.line.position}" if tax.line else on
        details.append(fact(f"{clean(tax.name)} ({rate_in_words(tax.rate)}){on}", tax.amount, _taxed(tax)))
    if len(details) == 1:
        reason = clean(invoice.tax_exempt_reason)
        details.append(fact(f"Tax exempt: {reason}" if reason else "Tax", Decimal(0)))
    if invoice.credit < 0:
        details.append(fact("Credit used", invoice.credit))
    elif invoice.credit:
        details.append(fact("Carried forward to your credit balance", invoice.credit))
    return tuple(details)


def _taxed(tax: InvoiceTax) -> tuple[str, ...]:
    """Return the product categories that a tax applies to, with their sums; empty if it applies to every line."""
    return tuple(
        f"{clean(part['category'])}: {in_words(Decimal(part['base']), tax.invoice.currency)}" for part in tax.categories
    )


def _uncharged_total(lines: list[InvoiceLine], currency: str) -> LabeledValue | None:
    if not lines:
        return None
    count = sum(line.actions for line in lines)
    label = f"{quantity_in_words(Decimal(count))} action{'' if count == 1 else 's'} not charged"
    return LabeledValue(label, in_words(Decimal(0), currency))


def _payment(invoice: Invoice, pay_to: str) -> tuple[str, ...]:
    if invoice.state == Invoice.State.VOID:
        return ("No payment is due: this invoice is void.",)
    if not invoice.total:
        return ("No payment is due: this invoice is for your records.",)
    return (*lines_of(pay_to), f"Please include {invoice.number or 'the invoice number'} with your payment.")
