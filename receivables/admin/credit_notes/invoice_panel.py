"""What an issued invoice's page says of its account: credited, otherwise settled, outstanding, and what is disputed of it."""

from decimal import Decimal

from django.db.models import Model, Q, Sum
from django.urls import reverse

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import address_of
from billing_engine.core.admin_kit.extension import Panel, PanelFact, in_panel
from invoices.models import Invoice
from receivables.domain.disputes.disputed import to_pay
from receivables.domain.ledger.items import with_left
from receivables.domain.online.links import pay_address
from receivables.models import Allocation, CreditNote, Dispute, LedgerDocument


@in_panel("invoices.invoice")
def account_of(invoice: Invoice) -> Panel | None:
    """Return the invoice's credit notes, what is left of its open item, and its disputes; None if it was never issued."""
    notes = list(CreditNote.objects.documents().filter(invoice=invoice).order_by("pk"))
    carried = CreditNote.objects.filter(invoice=invoice, state=CreditNote.State.LINE).order_by("pk")
    lines = [
        (each.carried_by.invoice, each) for each in carried.select_related("carried_by__invoice") if each.carried_by
    ]
    item = with_left(LedgerDocument.objects.filter(invoice=invoice, kind="invoice", side="debit")).first()
    if item is None:
        return None

    def said(words: str, amount: Decimal, row: Model | None = None) -> PanelFact:
        told = money.in_words(amount, invoice.currency)
        return PanelFact(words, told, str(row or ""), address_of(row) if row else "")

    matched = Allocation.objects.filter(debit=item).order_by()
    by_notes = Q(credit__kind=LedgerDocument.Kind.CREDIT_NOTE, credit__credit_note__invoice=invoice)
    credited = matched.filter(by_notes).aggregate(sum=Sum("amount"))["sum"] or money.ZERO
    settled = item.amount - item.left - credited
    facts = [said("Issued for", item.amount)]
    facts += [said("Credited" if note.document_id else note.get_state_display(), note.total, note) for note in notes]
    facts += [said("Credited by a line" if later.number else "Credit line", each.total, later) for later, each in lines]
    if settled:
        facts.append(said("Otherwise settled", settled))
    address = pay_address([item]) if item.left else ""
    told = money.in_words(item.left, invoice.currency)
    facts.append(PanelFact("Outstanding", told, "pay online" if address else "", address))
    disputes = list(Dispute.objects.undecided().filter(invoice=invoice).order_by("pk"))
    if disputes:
        facts += [said("Disputed", dispute.total, dispute) for dispute in disputes]
        facts.append(said("To pay now", to_pay(item.left, sum((each.total for each in disputes), money.ZERO))))
    return Panel("Account", facts, reverse("admin:receivables_account", args=[invoice.customer_id]))
