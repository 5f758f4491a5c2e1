"""How an invoice stands, in one word: its state, and once it is issued whether it is sent, overdue or paid."""

from datetime import date
from decimal import Decimal

from invoices.models import Invoice

OVERDUE, PAID, SENT = "Overdue", "Paid", "Sent"


def standing_of(invoice: Invoice, left: Decimal | None, *, today: date) -> str:
    """Return the word, given what an issued invoice has left and the customer's day."""
    if invoice.state != Invoice.State.ISSUED or left is None:
        return invoice.get_state_display()
    if left <= 0:
        return PAID
    if invoice.due_on and invoice.due_on < today:
        return OVERDUE
    return SENT if invoice.sent_at else invoice.get_state_display()
