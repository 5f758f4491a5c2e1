"""What a customer's page shows of invoices that are not issued yet, and of emails."""

from billing_engine.core.admin_kit.cells import list_of, page_of
from billing_engine.core.admin_kit.overview.parts import Card, Figure, Line, card_on, figures_on
from billing_engine.core.calendar.instants import instant_in_words
from billing_engine.core.counts import names_in_words
from billing_engine.core.money import in_words
from invoices.models import InvoiceMail
from invoices.queries.not_issued import not_issued_of
from leads.models import Customer

LATEST = 4


@figures_on("leads.customer", place=20, needs=("invoices.view_invoice",))
def not_issued(customer: Customer) -> list[Figure]:
    """Return the sum of drafts and approved invoices, and how many of each there are."""
    found = not_issued_of(customer)
    there = found.drafts or found.approved
    address = list_of("invoices.invoice", customer__id__exact=customer.pk, state__in="draft,approved") if there else ""
    return [Figure("Not issued yet", in_words(found.total, customer.currency), found.in_words, address)]


@card_on("leads.customer", place=60, needs=("invoices.view_invoicemail", "invoices.view_invoice"))
def emails(customer: Customer) -> Card:
    """Return the latest emails with invoices."""
    mails = InvoiceMail.objects.filter(invoice__customer=customer)
    latest = mails.select_related("invoice").order_by("-pk")[:LATEST]
    return Card(
        title="Emails",
        address=list_of("invoices.invoicemail", invoice__customer__id__exact=customer.pk),
        count=mails.count(),
        lines=[
            Line(
                each.subject or str(each.invoice),
                page_of("invoices.invoicemail", each.pk),
                f"{each.get_state_display()} · {names_in_words(each.to)} · {instant_in_words(each.requested_at, customer.zone)}",
            )
            for each in latest
        ],
        empty="No emails yet. They are sent when an invoice is issued.",
    )
