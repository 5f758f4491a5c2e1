"""The latest invoices and disputes of a customer as tables, for its page and its account."""

from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import NOTHING, address_of, chip, list_of
from billing_engine.core.admin_kit.overview.listing import Cell, Listing
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.money import in_words
from invoices.queries.standing import standing_of
from leads.models import Customer
from receivables.queries.account import LATEST, latest_disputes, latest_invoices


def invoices_of(customer: Customer, most: int = LATEST) -> Listing:
    """Return the latest invoices with what is left of each."""
    rows = [
        [
            Cell(invoice, address_of(invoice)),
            Cell(invoice.period.in_words),
            Cell(day_in_words(invoice.due_on) if invoice.due_on else NOTHING),
            Cell(in_words(invoice.total, invoice.currency)),
            Cell(NOTHING if left is None else in_words(left, invoice.currency), tone="ageing-sum"),
            Cell(chip(standing_of(invoice, left, today=customer.day_of(now())))),
        ]
        for invoice, left in latest_invoices(customer, most)
    ]
    columns = ("Invoice", "Period", "Due", ">Total", ">Left", "State")
    every = list_of("invoices.invoice", customer__id__exact=customer.pk)
    return Listing("Invoices", columns, rows, "No invoices yet.", every)


def disputes_of(customer: Customer, most: int = LATEST) -> Listing:
    """Return the latest disputes with their sums."""
    rows = [
        [
            Cell(dispute, address_of(dispute)),
            Cell(dispute.reason),
            Cell(dispute.invoice or "Before the invoice", address_of(dispute.invoice) if dispute.invoice else ""),
            Cell(day_in_words(customer.day_of(dispute.opened_at))),
            Cell(dispute.total_in_words),
            Cell(chip(dispute.get_state_display())),
        ]
        for dispute in latest_disputes(customer, most)
    ]
    columns = ("Dispute", "Reason", "Invoice", "Opened", ">Disputed", "State")
    every = list_of("receivables.dispute", customer__id__exact=customer.pk)
    return Listing("Disputes", columns, rows, "No disputes.", every)
