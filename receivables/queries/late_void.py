"""How an action that was voided after it was billed is settled."""

from datetime import datetime

from billing_engine.core.calendar.wording import day_in_words
from invoices.models import Invoice
from leads.models import Action
from receivables.domain.credit_notes.late_voids import waiting_of
from receivables.domain.late_voids.terms import terms_of, until, waits_for_an_invoice
from receivables.models import CreditedCharge, CreditNote, VoidCredit


def credit_of(action: Action) -> CreditNote | None:
    """Return the credit that names the action, be it a note or a line on a later invoice; None if there is none yet."""
    named = CreditedCharge.objects.filter(action=action).select_related("line__note__carried_by__invoice")
    found = named.order_by("-pk").first()
    return found.line.note if found else None


def settled_in_words(action: Action, *, names_it: bool = True) -> str:
    """Say how the void of a billed action is settled, such as `credit note CN-2026-000003 credits it`."""
    credit = credit_of(action)
    if credit is None:
        return "it has to be credited"
    if credit.carried_by is not None:
        invoice = credit.carried_by.invoice
        if not invoice.number:
            return "a line of the next invoice will credit it"
        return f"a line of invoice {invoice.number} credits it" if names_it else "a line of a later invoice credits it"
    if credit.state != CreditNote.State.ISSUED:
        return "its credit note is being prepared"
    return f"credit note {credit.number} credits it" if names_it else "a credit note credits it"


def what_happens(invoice: Invoice, *, at: datetime) -> str:
    """Say what happens to the voided actions of an issued invoice that have no credit yet, or why people settle them."""
    actions = list(waiting_of(invoice).select_related("period__customer").order_by("voided_at", "pk"))
    left = (
        VoidCredit.objects.filter(action__in=actions).exclude(code="").order_by("pk").values_list("message", flat=True)
    )
    said = list(dict.fromkeys(left))
    terms = terms_of([invoice.customer_id])
    waits = [until(action, terms) for action in actions if waits_for_an_invoice(action, terms, at=at)]
    if first := next(filter(None, waits), None):
        said.append(f"Goes on the next invoice, or by {day_in_words(first)} on a credit note.")
    return " ".join(said) or "Its credit note is drafted shortly."
