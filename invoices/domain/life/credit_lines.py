"""Credits as lines on a draft: what was billed in error on an earlier invoice, with the taxes that it had there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from billing_engine.core import money
from billing_engine.core.approvals.requests import requested
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from invoices.domain.life.adjustments import retotal
from invoices.domain.life.batch import State, locked
from invoices.domain.life.deeds import ADJUSTED_INVOICE, total_of, touched_by
from invoices.domain.lines.totals import credit_key
from invoices.domain.month_lock import check_unlocked, why_locked
from invoices.models import Invoice, InvoiceLine

CREDIT_LINE_ADDED = Verb("credit_line_added", "Credit line added")
LONGEST = 500  # of a line's text


@dataclass(frozen=True, slots=True)
class Correction:
    """What a credit line takes back of one line of an earlier invoice; amounts are above zero."""

    corrects: InvoiceLine
    amount: Decimal  # before tax
    taxes: Sequence[Mapping[str, str]]  # name, rate, base and amount
    actions: int
    quantity: Decimal

    @property
    def in_words(self) -> str:
        """Return, for example, `Credit for INV-2026-000041, Atrium · Sample order: 2 actions voided`."""
        count = f"{self.actions:,} action{'' if self.actions == 1 else 's'} voided"
        start = f"Credit for {self.corrects.invoice}, "
        room = LONGEST - len(start) - len(count) - len(": ")
        return f"{start}{self.corrects.description[:room]}: {count}"


def next_draft(invoice: Invoice) -> Invoice | None:
    """Return the draft that takes credits of an issued invoice: of its customer, currency and company, the earliest one."""
    found = Invoice.objects.filter(customer=invoice.customer_id, currency=invoice.currency, state=State.DRAFT)
    drafts = list(found.select_related("period__customer").order_by("period__start_at", "pk"))
    waiting = requested(drafts, ADJUSTED_INVOICE) if drafts else set()
    for draft in drafts:
        is_ours = credit_key(draft) == credit_key(invoice) and draft.pk not in waiting
        if is_ours and not why_locked(draft.period.label):
            return draft
    return None


@transaction.atomic
def put_on(draft: Invoice, correction: Correction) -> InvoiceLine:
    """Add a credit line to a draft and recalculate its sums; raises CycleLocked or WrongState."""
    check_unlocked(draft.period.label)
    draft = locked(draft, State.DRAFT)
    of = correction.corrects
    line = InvoiceLine.objects.create(
        invoice=draft,
        position=(draft.lines.aggregate(last=Max("position"))["last"] or 0) + 1,
        kind=InvoiceLine.Kind.CREDIT,
        description=correction.in_words,
        product_id=of.product_id,
        action_type_id=of.action_type_id,
        rule_id=of.rule_id,
        actions=correction.actions,
        quantity=correction.quantity,
        unit=of.unit,
        exact_amount=-correction.amount,
        amount=-correction.amount,
        copied_taxes=[_turned(tax) for tax in correction.taxes],
    )
    before = {"total": total_of(draft)}
    retotal(draft)
    after = {"credit": line.description, "amount": line.amount, "total": total_of(draft)}
    also = [*touched_by(draft), of.invoice]
    record(CREDIT_LINE_ADDED, on=draft, by=None, before=before, after=after, also=also)
    return line


def with_credit_lines(drafts: Sequence[Invoice]) -> set[int]:
    """Return the ids of those that have credit lines."""
    lines = InvoiceLine.objects.filter(invoice__in=drafts, kind=InvoiceLine.Kind.CREDIT)
    return set(lines.order_by().values_list("invoice", flat=True))


def _turned(tax: Mapping[str, str]) -> dict[str, str]:
    base, amount = (-Decimal(tax[name]) + money.ZERO for name in ("base", "amount"))
    return {"name": tax["name"], "rate": tax["rate"], "base": f"{base:f}", "amount": f"{amount:f}"}
