"""What became of an action that was voided after it was billed."""

from leads.models import Action
from receivables.models import CreditedCharge, CreditNote


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
