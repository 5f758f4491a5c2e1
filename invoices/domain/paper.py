"""Everything that stands on an invoice, in words and formatted money; the page and the PDF are both made from it."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from billing_engine.core.money import in_words
from invoices.domain.invoice import bill_to
from invoices.domain.paper_lines import ChargedLine, UnchargedLine, charged_line, uncharged_line
from invoices.domain.wording import (
    clean,
    day_in_words,
    lines_of,
    month_in_words,
    quantity_in_words,
    rate_in_words,
    stretch_in_words,
)
from invoices.models import Invoice, InvoiceLine


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what it says: `Due date`, `November 30, 2026`."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Party:
    """Who sends the invoice, or who gets it."""

    name: str
    address: tuple[str, ...]
    tax_id: str
    emails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """An invoice as it is read: every text final, every amount formatted, nothing left to compute."""

    title: str
    mark: str  # "DRAFT" until it is issued
    number: str
    made_on: str  # ISO date, for the document's metadata
    seller: Party
    bill_to: Party
    facts: tuple[Fact, ...]
    headline: str
    subject: str
    lines: tuple[ChargedLine, ...]
    subtotals: tuple[Fact, ...]
    total: Fact
    uncharged: tuple[UnchargedLine, ...]
    uncharged_total: Fact | None
    payment: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        """The same as plain lists, dictionaries and strings."""
        return asdict(self)


def paper_of(invoice: Invoice) -> Paper:
    """The paper of an invoice, draft or issued, in two queries however many lines it has."""
    invoice = Invoice.objects.select_related("customer", "period").get(pk=invoice.pk)
    stored = list(invoice.lines.select_related("action_type", "rule").order_by("position"))
    charged = [line for line in stored if line.kind != InvoiceLine.Kind.NOT_CHARGED]
    uncharged = [line for line in stored if line.kind == InvoiceLine.Kind.NOT_CHARGED]
    issued = invoice.state == Invoice.State.ISSUED
    # What an issued invoice says of the two parties was frozen with it; until then it is what holds today.
    seller = invoice.seller if issued else settings.SELLER
    customer: dict[str, Any] = invoice.bill_to if issued else bill_to(invoice.customer)
    zone = ZoneInfo(customer["time_zone"])
    total = in_words(invoice.total, invoice.currency)
    return Paper(
        title="Invoice",
        mark="" if issued else "DRAFT",
        number=invoice.number or "",
        made_on=(invoice.issued_on or invoice.created_at.astimezone(zone).date()).isoformat(),
        seller=_party(seller, [seller["email"]]),
        bill_to=_party(customer, customer["contacts"]),
        facts=_facts(invoice, customer, zone),
        headline=f"{total} due {day_in_words(invoice.due_on)}" if invoice.due_on else f"{total} due",
        subject=f"Lead activity of {month_in_words(invoice.period.label)}",
        lines=tuple(charged_line(line, invoice.currency) for line in charged),
        subtotals=_subtotals(invoice),
        total=Fact("Total due", f"{total} {invoice.currency}"),
        uncharged=tuple(uncharged_line(line, invoice.currency) for line in uncharged),
        uncharged_total=_uncharged_total(uncharged, invoice.currency),
        payment=_payment(invoice, seller["pay_to"]),
    )


def _party(details: dict[str, Any], emails: list[str]) -> Party:
    return Party(
        clean(details["name"]),
        lines_of(details["address"]),
        clean(details["tax_id"]),
        tuple(clean(email) for email in emails if email),
    )


def _facts(invoice: Invoice, customer: dict[str, Any], zone: ZoneInfo) -> tuple[Fact, ...]:
    """The small table at the top; what is empty is left out."""
    if invoice.issued_on and invoice.due_on:
        days = (invoice.due_on - invoice.issued_on).days
        issue, due = day_in_words(invoice.issued_on), day_in_words(invoice.due_on)
    else:
        days, issue = customer["payment_terms_days"], "When issued"
        due = f"{days} days after issue" if days else "On issue"
    period = stretch_in_words(invoice.period.start_at, invoice.period.end_at, zone)
    facts = (
        Fact("Invoice number", invoice.number or "When issued"),
        Fact("Issue date", issue),
        Fact("Due date", due),
        Fact("Terms", f"Net {days} days" if days else "Due on receipt"),
        Fact("Billing period", period),
        Fact("Time zone", customer["time_zone"].replace("_", " ")),
        Fact("PO number", clean(customer["purchase_order"])),
    )
    return tuple(fact for fact in facts if fact.value)


def _subtotals(invoice: Invoice) -> tuple[Fact, ...]:
    subtotal = Fact("Subtotal", in_words(invoice.subtotal, invoice.currency))
    if not invoice.tax_rate and not invoice.tax:
        return (subtotal, Fact("Tax", in_words(Decimal(0), invoice.currency)))
    tax = Fact(f"Tax ({rate_in_words(invoice.tax_rate)})", in_words(invoice.tax, invoice.currency))
    return (subtotal, tax)


def _uncharged_total(lines: list[InvoiceLine], currency: str) -> Fact | None:
    if not lines:
        return None
    count = sum(line.actions for line in lines)
    words = f"{quantity_in_words(Decimal(count))} action{'' if count == 1 else 's'} not charged"
    return Fact(words, in_words(Decimal(0), currency))


def _payment(invoice: Invoice, pay_to: str) -> tuple[str, ...]:
    if not invoice.total:
        return ("Nothing to pay: this invoice is for your records.",)
    return (*lines_of(pay_to), f"Please state {invoice.number or 'the invoice number'} with your payment.")
