"""What an accepted dispute settles: before the invoice, the actions are excluded; after issue, exactly they are credited."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from billing_engine.core import money
from billing_engine.core.errors import Refused
from invoices.models import Invoice
from leads.models import Action
from pricing.domain.waive import exclude_disputed
from pricing.models import Charge
from receivables.domain.credit_notes.drafting import draft_for_charges, draft_for_lines
from receivables.models import Dispute

NOTE_LENGTH = 200  # of an exclusion
SENTENCE_LENGTH = 500  # of a credit note


class InvoiceIsBeingMade(Refused):
    """Between the close of a period and the issue of its invoice, charges can be neither excluded nor credited."""

    code = "invoice_is_being_made"


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is accepted, and how it is settled: by excluding the actions, or by a credit note on the invoice."""

    accepted: frozenset[int]  # actions
    amount: Decimal  # before tax
    invoice: Invoice | None  # None: the actions are excluded
    in_words: str


def settlement_of(dispute: Dispute, accepted: Collection[int] | None, shares: Mapping[int, Decimal]) -> Settlement:
    """Return how these charges are settled; None for a rejection. Raises InvoiceIsBeingMade."""
    if accepted is None:
        return Settlement(frozenset(), money.ZERO, None, "The charges stand.")
    found = frozenset(accepted)
    amount = sum((shares[action] for action in found), money.ZERO) if shares else dispute.amount
    worth = money.in_words(amount, dispute.currency)
    if dispute.period.is_open:
        count = f"{len(found):,} action{'' if len(found) == 1 else 's'}"
        return Settlement(found, amount, None, f"{count} excluded from the invoice, {worth} before tax.")
    invoice = Invoice.objects.live().filter(period=dispute.period_id).select_related("customer", "period").first()
    if invoice is None or invoice.state != Invoice.State.ISSUED:
        raise InvoiceIsBeingMade(
            f"The invoice for {dispute.period.in_words} is not issued yet. Issue it to credit the charges, or reopen the"
            " period to exclude them."
        )
    return Settlement(found, amount, invoice, f"Credit note on {invoice}, {worth} before tax.")


def settle(dispute: Dispute, settlement: Settlement, *, words: str, by: User, at: datetime) -> None:
    """Exclude or credit what is accepted."""
    if not settlement.amount:
        return
    if settlement.invoice is None:
        actions = list(Action.objects.filter(pk__in=settlement.accepted).order_by("pk"))
        note = f"{dispute}: {dispute.reason}"
        exclude_disputed(actions, note=note[:NOTE_LENGTH], person=by, at=at)
        return
    invoice, why = settlement.invoice, words.strip() or f"We accepted your dispute: {dispute.reason}."
    common: dict[str, Any] = {
        "reason": dispute.reason,
        "sentence": why[:SENTENCE_LENGTH],
        "by": by,
        "origin": dispute.number,
    }
    if settlement.accepted:
        charges = Charge.objects.filter(pk__in=settlement.accepted)
        draft_for_charges(invoice, list(charges), **common)
    elif dispute.line is not None:
        draft_for_lines(invoice, {dispute.line: dispute.amount}, **common)
