"""draft → approved → issued; a draft may also be discarded, which opens its period again."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.errors import Refused
from billing_engine.core.later import after_commit
from invoices.domain.cycle import check_unlocked
from invoices.models import Invoice, NumberSeries
from leads.domain.periods import mark_unrated
from leads.models import BillingPeriod, Customer

State = Invoice.State


class WrongState(Refused):
    """Only what stands before a step can take it."""

    code = "wrong_state"


@transaction.atomic
def approve(invoice: Invoice, *, by: User, at: datetime) -> Invoice:
    """Somebody has looked at the draft and stands for it."""
    invoice = _locked(invoice, State.DRAFT)
    invoice.state, invoice.approved_by, invoice.approved_at = State.APPROVED, by, at
    invoice.save(update_fields=["state", "approved_by", "approved_at"])
    return invoice


@transaction.atomic
def send_back(invoice: Invoice) -> Invoice:
    """Approved by mistake: a draft again."""
    invoice = _locked(invoice, State.APPROVED)
    invoice.state, invoice.approved_by, invoice.approved_at = State.DRAFT, None, None
    invoice.save(update_fields=["state", "approved_by", "approved_at"])
    return invoice


@transaction.atomic
def discard(invoice: Invoice) -> BillingPeriod:
    """Throw the draft away and open its period again: it is rated anew and can be billed anew."""
    invoice = _locked(invoice, State.DRAFT)
    period = BillingPeriod.objects.select_for_update().get(pk=invoice.period_id)
    check_unlocked(period)
    invoice.delete()
    period.state, period.closed_at = BillingPeriod.State.OPEN, None
    period.save(update_fields=["state", "closed_at"])
    mark_unrated([period], reason="draft discarded")
    return period


@transaction.atomic
def issue(invoice: Invoice, *, by: User, at: datetime) -> Invoice:
    """Give the invoice its number and freeze it; its PDF is rendered after commit.

    From here on the invoice changes for nobody, the database refuses it.
    """
    invoice = _locked(invoice, State.APPROVED)
    customer = invoice.customer
    invoice.state, invoice.issued_by, invoice.issued_at = State.ISSUED, by, at
    invoice.issued_on = at.astimezone(customer.zone).date()
    invoice.due_on = invoice.issued_on + timedelta(days=customer.payment_terms_days)
    invoice.seller, invoice.bill_to = dict(settings.SELLER), bill_to(customer)
    # Last, so that the series is locked for no longer than one write; a rollback takes the number back with it.
    invoice.number = _next_number(f"INV-{invoice.issued_on.year}-")
    invoice.save()
    after_commit("invoices.render", invoice_id=invoice.pk)
    return invoice


def bill_to(customer: Customer) -> dict[str, object]:
    """The customer's details as an invoice keeps them."""
    return {
        "name": customer.legal_name or customer.name,
        "code": customer.code,
        "address": customer.address,
        "tax_id": customer.tax_id,
        "purchase_order": customer.purchase_order,
        "contacts": list(customer.billing_contacts),
        "time_zone": customer.time_zone,
        "payment_terms_days": customer.payment_terms_days,
    }


def _locked(invoice: Invoice, state: Invoice.State) -> Invoice:
    found = Invoice.objects.select_for_update(of=("self",)).select_related("customer").filter(pk=invoice.pk).first()
    if found is None or found.state != state:
        is_now = "gone" if found is None else found.get_state_display().lower()
        raise WrongState(f"This invoice is {is_now}, not {state.label.lower()}.")
    return found


def _next_number(prefix: str) -> str:
    NumberSeries.objects.bulk_create([NumberSeries(prefix=prefix)], ignore_conflicts=True)
    series = NumberSeries.objects.select_for_update().get(prefix=prefix)
    series.last += 1
    series.save(update_fields=["last"])
    return str(series)
