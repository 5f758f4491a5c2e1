"""Credit what was voided as lines on the next invoice: a line for each line that it was charged on."""

from collections.abc import Collection, Mapping
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from billing_engine.core import money
from billing_engine.core.errors import Refused
from invoices.domain.document.electronic import why_not_expressible
from invoices.domain.life.credit_lines import Correction, next_draft, put_on
from invoices.domain.lines.shares import shares_of
from invoices.models import Invoice, InvoiceLine
from leads.models import Action
from receivables.domain.credit_notes.drafting import Proposal, propose_charges, store
from receivables.domain.credit_notes.late_voids import reason_of_voids, voids_in_words
from receivables.domain.credit_notes.left import lock
from receivables.models import CreditNote


class NotElectronic(Refused):
    """The draft would become an invoice that can't be sent electronically."""

    code = "not_electronic"


def carry(invoice: Invoice, actions: Collection[int]) -> dict[int, CreditNote]:
    """Put the charges of these actions on the customer's next draft; return the credit of each action, none without a draft.

    Raises what crediting refuses, and NotElectronic; then nothing has changed.
    """
    draft = next_draft(invoice)
    if draft is None:
        return {}
    with transaction.atomic():
        lock(invoice, draft)
        if next_draft(invoice) != draft:
            return {}  # it was approved or deleted meanwhile
        before = why_not_expressible([draft]).get(draft.pk, "")
        found = dict[int, CreditNote]()
        for line, of_line in shares_of(invoice, actions).items():
            found |= dict.fromkeys(of_line, _on(draft, line, propose_charges(invoice, list(of_line))))
        draft = Invoice.objects.select_related("period__customer").get(pk=draft.pk)
        if not before and (after := why_not_expressible([draft]).get(draft.pk, "")):
            raise NotElectronic(after)
        return found


def _on(draft: Invoice, line: InvoiceLine, proposal: Proposal) -> CreditNote:
    sums = proposal.sums
    actions = proposal.shares[line]
    on = put_on(draft, Correction(line, sums.subtotal, _taxes(proposal), len(actions), _quantity(actions)))
    return store(
        proposal,
        state=CreditNote.State.LINE,
        carried_by=on,
        reason=reason_of_voids(),
        sentence=voids_in_words(len(actions)),
    )


def _taxes(proposal: Proposal) -> list[Mapping[str, str]]:
    return [
        {"name": each.tax.name, "rate": f"{each.tax.rate:f}", "base": f"{each.base:f}", "amount": f"{each.amount:f}"}
        for each in proposal.sums.taxes
    ]


def _quantity(actions: Collection[int]) -> Decimal:
    return Action.objects.filter(pk__in=actions).aggregate(sum=Sum("quantity"))["sum"] or money.ZERO
