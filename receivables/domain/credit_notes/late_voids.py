"""Actions that were voided after they were billed: one credit note per invoice, for exactly what they were charged."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet

from billing_engine.core.errors import Refused
from invoices.models import Invoice
from leads.models import Action
from pricing.models import Charge
from receivables.domain.credit_notes.drafting import Proposal, draft_for_charges, propose_charges
from receivables.models import CreditedCharge, CreditNote, Reason

VOIDED_ACTION = "voided_action"  # the reason, written with the tables


class NothingVoided(Refused):
    """An invoice whose voided actions are all credited, or that has none."""

    code = "nothing_voided"
    message = "No voided action of this invoice waits for its credit."


@dataclass(frozen=True, slots=True)
class Waiting:
    """An issued invoice with voided actions: what their credit would be, or why there can't be one."""

    invoice: Invoice
    actions: int
    proposal: Proposal | None
    why_not: str = ""


def waiting_of(invoice: Invoice) -> QuerySet[Action]:
    """Return the invoice's voided actions that no credit note names yet, not even a draft."""
    return voided_and_uncredited().filter(period=invoice.period_id)


def invoices_waiting() -> QuerySet[Invoice]:
    """Return the issued invoices with such actions, the oldest first."""
    waits = Exists(voided_and_uncredited().filter(period=OuterRef("period")))
    issued = Invoice.objects.filter(waits, state=Invoice.State.ISSUED)
    return issued.select_related("customer", "period__customer").order_by("issued_at", "pk")


def waiting(invoices: Sequence[Invoice]) -> list[Waiting]:
    """Return what each of these invoices waits for, as a dry run."""
    return [_waiting(invoice) for invoice in invoices]


def draft_for_voids(invoice: Invoice, *, by: User | None) -> CreditNote:
    """Draft a note over all voided actions of an invoice; raises NothingVoided, NotCreditable or CreditHasFaults.

    The charges stand, so the tiers of the closed period don't move.
    """
    charges = list(Charge.objects.filter(pk__in=waiting_of(invoice).values("pk")))
    if not charges:
        raise NothingVoided
    words = voids_in_words(len(charges))
    return draft_for_charges(invoice, charges, reason=reason_of_voids(), sentence=words, by=by)


def voids_in_words(count: int) -> str:
    """Say to the customer why something is credited."""
    if count == 1:
        return "1 action was voided after it was billed."
    return f"{count:,} actions were voided after they were billed."


def _waiting(invoice: Invoice) -> Waiting:
    actions = list(waiting_of(invoice).values_list("pk", flat=True))
    try:
        return Waiting(invoice, len(actions), propose_charges(invoice, actions))
    except Refused as refusal:
        return Waiting(invoice, len(actions), None, str(refusal))


def voided_and_uncredited() -> QuerySet[Action]:
    """Return the charged actions that were voided after their period was closed, and that no credit names."""
    named = CreditedCharge.objects.filter(action=OuterRef("pk"))
    return Action.objects.voided_after_close().filter(~Exists(named), charge__reason="", charge__amount__gt=0)


def reason_of_voids() -> Reason:
    """The reason of every credit of voided actions."""
    return Reason.objects.get(code=VOIDED_ACTION)
