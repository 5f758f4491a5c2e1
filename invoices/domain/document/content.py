"""The content of an invoice as formatted text, shared by the page and the PDF."""

from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import prefetch_related_objects

from billing_engine.core import money
from billing_engine.core.calendar.wording import count_of_days, day_in_words, stretch_in_words
from billing_engine.core.money import in_words
from invoices.domain.document.content_lines import (
    ChargedLine,
    UnchargedLine,
    charged_line,
    uncharged_line,
)
from invoices.domain.document.parties import SELLERS, bill_to, day_of_paper, seller_of
from invoices.domain.document.parts.counts import counts_in_words
from invoices.domain.document.parts.line_groups import ActionSum, LineGroup, groups_of, sums_by_action
from invoices.domain.document.parts.payment import pay_to, questions, reference_of
from invoices.domain.document.parts.tax_rows import tax_rows
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
    groups: tuple[LineGroup, ...]  # the same lines, as they are printed
    actions: tuple[ActionSum, ...]  # on the first page, if there are too many lines for it
    subtotals: tuple[LabeledValue, ...]
    total: LabeledValue
    uncharged: tuple[UnchargedLine, ...]
    uncharged_total: LabeledValue | None
    payment: tuple[str, ...]
    reference: str  # that banks carry through
    questions: tuple[str, ...]
    notices: tuple[str, ...] = ()  # what replaces a void invoice
    copy: str = ""  # what a void invoice's copy is, and where the invoice itself is
    proof: tuple[str, ...] = ()  # the fingerprint and the key

    def as_data(self) -> dict[str, Any]:
        """Return the content as plain lists, dictionaries and strings; the lines are in their groups."""
        return {name: part for name, part in asdict(replace(self, lines=())).items() if name != "lines"}


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
    stored = list(invoice.lines.select_related("product", "action_type", "rule").order_by("position"))
    if any(line.late_from for line in stored):
        prefetch_related_objects([invoice.period.customer], "cycle_changes")  # needed to name the week of late lines
    charged = [line for line in stored if line.kind != InvoiceLine.Kind.NOT_CHARGED]
    uncharged = [line for line in stored if line.kind == InvoiceLine.Kind.NOT_CHARGED]
    shown = [(line, charged_line(line, invoice.currency)) for line in charged]
    zone = ZoneInfo(customer["time_zone"])
    return InvoiceContent(
        title="Invoice",
        mark=_mark(invoice),
        number=invoice.number or "",
        made_on=(invoice.issued_on or invoice.created_at.astimezone(zone).date()).isoformat(),
        seller=party_of(seller, [seller["email"]]),
        bill_to=party_of(customer, customer["contacts"]),
        details=_details(invoice, customer, zone),
        headline=_headline(invoice),
        subject=counts_in_words(stored) or "Nothing was received in this period.",
        lines=tuple(line for _, line in shown),
        groups=groups_of(shown, invoice.currency),
        actions=sums_by_action(shown, invoice.currency),
        subtotals=_subtotals(invoice),
        total=_total(invoice),
        uncharged=tuple(uncharged_line(line) for line in uncharged),
        uncharged_total=_uncharged_total(uncharged, invoice.currency),
        payment=pay_to(invoice, seller),
        reference=reference_of(invoice),
        questions=questions(invoice, seller, customer),
        notices=_notices(invoice),
        copy=_copy(invoice),
        proof=printed(invoice) if invoice.number else (),
    )


def _headline(invoice: Invoice) -> str:
    if invoice.state == Invoice.State.VOID:
        return "Nothing to pay: this invoice is void"
    total = in_words(invoice.total, invoice.currency)
    return f"{total} due {day_in_words(invoice.due_on)}" if invoice.due_on else f"{total} due"


def _total(invoice: Invoice) -> LabeledValue:
    label = f"Due {day_in_words(invoice.due_on)}" if invoice.due_on else "Total due"
    due = invoice.total
    if invoice.state == Invoice.State.VOID:
        label, due = "To pay", money.ZERO
    return LabeledValue(label, f"{in_words(due, invoice.currency)} {invoice.currency}")


def amount_due(invoice: Invoice) -> Decimal:
    """Return what the customer owes on this invoice: zero unless it is issued."""
    return invoice.total if invoice.state == Invoice.State.ISSUED else money.ZERO


def _notices(invoice: Invoice) -> tuple[str, ...]:
    """Name the invoice that replaces a void one."""
    replacement = replacement_of(invoice) if invoice.state == Invoice.State.VOID else None
    return (replacement_notice(replacement),) if replacement else ()


def _copy(invoice: Invoice) -> str:
    """Say what a void invoice's copy is, and that the invoice itself stays."""
    if invoice.state != Invoice.State.VOID or invoice.issued_on is None:
        return ""
    return (
        f"This is a copy. The invoice as it was issued on {day_in_words(invoice.issued_on)} is kept unchanged, with its"
        " own digest. Its number is not used again."
    )


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
    voided = invoice.voided_at and day_in_words(invoice.voided_at.astimezone(zone).date())
    details = (
        LabeledValue("Invoice number", "" if invoice.number else "When issued"),  # beside the title
        LabeledValue("Issued", day_in_words(invoice.issued_on) if invoice.issued_on else "When issued"),
        LabeledValue("Void since", voided or "") if invoice.state == Invoice.State.VOID else _due(invoice, customer),
        LabeledValue("Period", stretch_in_words(invoice.period.start_at, invoice.period.end_at, zone)),
        LabeledValue("Time zone", customer["time_zone"].replace("_", " ")),
        LabeledValue("Your PO", clean(customer["purchase_order"])),
    )
    return tuple(fact for fact in details if fact.value)


def _due(invoice: Invoice, customer: dict[str, Any]) -> LabeledValue:
    """`December 3, 2026, net 30`; on a draft, `30 days after issue`."""
    if invoice.issued_on and invoice.due_on:
        days = (invoice.due_on - invoice.issued_on).days
        return LabeledValue("Due", f"{day_in_words(invoice.due_on)}, {f'net {days}' if days else 'on receipt'}")
    days = customer["payment_terms_days"]
    return LabeledValue("Due", f"{count_of_days(days)} after issue" if days else "On issue")


def _mark(invoice: Invoice) -> str:
    if invoice.state == Invoice.State.VOID:
        return "VOID"
    return "" if invoice.number else "DRAFT"


def _subtotals(invoice: Invoice) -> tuple[LabeledValue, ...]:
    """Return the rows from the lines to the total: taxes or the reason for none, and credit used or carried forward."""

    def fact(label: str, amount: Decimal, notes: tuple[str, ...] = ()) -> LabeledValue:
        return LabeledValue(label, in_words(amount, invoice.currency), notes)

    details = [fact("Before tax", invoice.subtotal)]
    for row in tax_rows(invoice):
        of = f"{in_words(row.base, invoice.currency)}{', the credits' if row.of_credits else ''}"
        words = f"{clean(row.tax.name)}, {rate_in_words(row.tax.rate)} of {of}"
        details.append(fact(words, row.amount, _taxed(row.tax)))
    if len(details) == 1:
        reason = clean(invoice.tax_exempt_reason)
        details.append(fact(f"Tax exempt: {reason}" if reason else "Tax", Decimal(0)))
    if invoice.credit:
        details.append(fact("Total", invoice.subtotal + invoice.tax))
    if invoice.credit < 0:
        details.append(fact("Credit used", invoice.credit))
    elif invoice.credit:
        details.append(fact("Carried forward to your credit balance", invoice.credit))
    if invoice.state == Invoice.State.VOID:
        details.append(fact("Total, void", invoice.total))
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
