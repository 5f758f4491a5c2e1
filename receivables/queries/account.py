"""What a customer's account shows beside its open items: unbilled activity, invoices, disputes, payments, emails, notes."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from billing_engine.core.money import ZERO
from invoices.models import Invoice, InvoiceMail
from leads.models import BillingPeriod, Customer
from pricing.models import PeriodTally
from receivables.domain.ledger.items import with_left
from receivables.models import AccountNote, Dispute, LedgerDocument

LATEST = 8


@dataclass(frozen=True, slots=True)
class Account:
    """The latest rows of each kind, the newest first."""

    unbilled: Decimal  # exact charges of open periods
    drafts: int  # invoices that are not issued yet
    invoices: Sequence[tuple[Invoice, Decimal | None]]  # with what is left; None if it is not issued
    disputes: Sequence[Dispute]
    payments: Sequence[LedgerDocument]
    mails: Sequence[InvoiceMail]
    notes: Sequence[AccountNote]


def account_of(customer: Customer) -> Account:
    """Return the account of a customer as it is now."""
    open_periods = PeriodTally.objects.filter(period__customer=customer, period__state=BillingPeriod.State.OPEN)
    drafts = Invoice.objects.filter(customer=customer, state__in=(Invoice.State.DRAFT, Invoice.State.APPROVED))
    payments = LedgerDocument.objects.filter(customer=customer, kind=LedgerDocument.Kind.PAYMENT).order_by("-pk")
    disputes = Dispute.objects.filter(customer=customer).select_related("customer", "reason", "invoice")
    mails = InvoiceMail.objects.filter(invoice__customer=customer).select_related("invoice").order_by("-pk")
    notes = AccountNote.objects.filter(customer=customer).select_related("written_by").order_by("-pk")
    return Account(
        unbilled=open_periods.aggregate(sum=Sum("amount"))["sum"] or ZERO,
        drafts=drafts.count(),
        invoices=_invoices(customer),
        disputes=list(disputes.order_by("-opened_at", "-pk")[:LATEST]),
        payments=list(with_left(payments)[:LATEST]),
        mails=list(mails[:LATEST]),
        notes=list(notes),
    )


def _invoices(customer: Customer) -> list[tuple[Invoice, Decimal | None]]:
    found = list(
        Invoice.objects.filter(customer=customer)
        .select_related("period__customer", "customer")
        .order_by("-pk")[:LATEST]
    )
    items = with_left(LedgerDocument.objects.filter(invoice__in=found, kind=LedgerDocument.Kind.INVOICE))
    left = {item.invoice_id: item.left if item.side == "debit" else -item.left for item in items}
    return [(invoice, left.get(invoice.pk)) for invoice in found]
