"""What a customer's account shows beside its open items: invoices, disputes, payments, emails and notes; the latest."""

from collections.abc import Sequence
from decimal import Decimal

from invoices.models import Invoice, InvoiceMail
from leads.models import Customer
from receivables.domain.ledger.items import with_left
from receivables.models import AccountNote, Dispute, LedgerDocument

LATEST = 8


def latest_invoices(customer: Customer, most: int = LATEST) -> list[tuple[Invoice, Decimal | None]]:
    """Return the newest invoices with what is left of each; None if it is not issued."""
    found = list(
        Invoice.objects.filter(customer=customer).select_related("period__customer", "customer").order_by("-pk")[:most]
    )
    items = with_left(LedgerDocument.objects.filter(invoice__in=found, kind=LedgerDocument.Kind.INVOICE))
    left = {item.invoice_id: item.left if item.side == "debit" else -item.left for item in items}
    return [(invoice, left.get(invoice.pk)) for invoice in found]


def latest_disputes(customer: Customer, most: int = LATEST) -> Sequence[Dispute]:
    """Return the disputes opened last."""
    found = Dispute.objects.filter(customer=customer).select_related("customer", "reason", "invoice")
    return list(found.order_by("-opened_at", "-pk")[:most])


def latest_payments(customer: Customer) -> Sequence[LedgerDocument]:
    """Return the payments recorded last, each with what it has left."""
    found = LedgerDocument.objects.filter(customer=customer, kind=LedgerDocument.Kind.PAYMENT).order_by("-pk")
    return list(with_left(found)[:LATEST])


def latest_mails(customer: Customer) -> Sequence[InvoiceMail]:
    """Return the newest emails with invoices."""
    found = InvoiceMail.objects.filter(invoice__customer=customer).select_related("invoice")
    return list(found.order_by("-pk")[:LATEST])


def notes_on(customer: Customer) -> Sequence[AccountNote]:
    """Return all notes, the newest first."""
    return list(AccountNote.objects.filter(customer=customer).select_related("written_by").order_by("-pk"))
