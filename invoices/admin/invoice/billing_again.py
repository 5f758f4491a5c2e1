"""The button that bills a period again if its invoice was voided in a locked month; on the period's and the invoice's page."""

from django.contrib.auth.models import User
from django.utils.timezone import now

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import page_of
from billing_engine.core.admin_kit.dialogs import Dialog, Done
from invoices.domain.life.reopen import bill_again
from leads.models import BillingPeriod

BILL_AGAIN = Dialog(
    title="Bill this period again?",
    says="The month is locked, so the same actions are rated and billed again, without new ones. This creates a draft.",
)


def bill_again_and_open(period: BillingPeriod, *, by: User) -> Done:
    """Draft the period's invoice again, and go to the draft."""
    invoice = bill_again(period, by=by, at=now())
    if invoice is None:
        return Done(f"{period} is closed. Nothing is left to bill.", address=page_of("leads.billingperiod", period.pk))
    total = money.in_words(invoice.total, invoice.currency)
    return Done(f"Drafted: {total}.", address=page_of("invoices.invoice", invoice.pk))
