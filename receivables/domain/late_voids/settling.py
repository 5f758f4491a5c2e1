"""The queue of actions that were voided after they were billed: each gets its credit exactly once, without a person."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, Min, OuterRef, QuerySet

from billing_engine.core import money
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.locked import LockedQueue
from billing_engine.core.queues.queue import AT_A_TIME, Message
from invoices.domain.life.credit_lines import next_draft
from invoices.domain.lines.shares import shares_of
from invoices.models import Invoice
from pricing.models import Charge
from receivables.domain.credit_notes.drafting import draft_for_charges
from receivables.domain.credit_notes.late_voids import reason_of_voids, voided_and_uncredited, voids_in_words
from receivables.domain.credit_notes.left import lock
from receivables.domain.late_voids.carrying import NotElectronic, carry
from receivables.domain.late_voids.terms import all_wait, terms_of, waits_for_an_invoice
from receivables.models import CreditedCharge, CreditNote, VoidCredit

TOGETHER = 500  # voided actions of one invoice
NOTHING_CHARGED = "nothing_charged"


class VoidCredits(LockedQueue[VoidCredit]):
    """Voided actions of one invoice together, so that one note credits them."""

    task = "receivables.settle_voids"

    def waiting(self) -> QuerySet[VoidCredit]:
        issued = Invoice.objects.filter(period=OuterRef("action__period"), state=Invoice.State.ISSUED)
        found = VoidCredit.objects.filter(Exists(issued), credit=None, code="", action__voided_after_close=True)
        return found.select_related("action__period__customer")

    def tidy(self, *, at: datetime) -> None:
        """Write down what was voided since."""
        issued = Invoice.objects.filter(period=OuterRef("period"), state=Invoice.State.ISSUED)
        known = VoidCredit.objects.filter(action=OuterRef("pk"))
        found = voided_and_uncredited().filter(Exists(issued), ~Exists(known)).order_by("pk")
        rows = [VoidCredit(action_id=pk, found_at=at) for pk in found.values_list("pk", flat=True)[:AT_A_TIME]]
        VoidCredit.objects.bulk_create(rows, ignore_conflicts=True)

    def due(self, *, at: datetime) -> Sequence[Message]:
        """Return what can be credited now: what is to be a line waits until there is a draft, or its days are over."""
        messages = list[Message]()
        for invoice, items in _by_invoice(self.waiting().filter(action__period__in=self._periods(at)).order_by("pk")):
            lines, notes = _apart(items, at=at)
            some = [*notes, *(lines if lines and next_draft(invoice) else ())]
            messages += [
                {"item_ids": [item.pk for item in some[start : start + TOGETHER]]}
                for start in range(0, len(some), TOGETHER)
            ]
        return messages[:AT_A_TIME]

    def _periods(self, at: datetime) -> list[int]:
        """Return the periods in which something may be due, so that a sweep does not read everything pending."""
        waiting = self.waiting().select_related(None).order_by()
        rows = list(
            waiting.values_list("action__period", "action__period__customer").annotate(Min("action__voided_at"))
        )
        customers = {customer for _, customer, _ in rows}
        terms = terms_of(customers)
        drafts = Invoice.objects.filter(customer__in=customers, state=Invoice.State.DRAFT)
        with_draft = set(drafts.order_by().values_list("customer", flat=True).distinct())
        return [
            period
            for period, customer, first in rows
            if customer in with_draft or not all_wait(first, customer, terms, at=at)
        ]

    @transaction.atomic
    def act(self, items: Sequence[VoidCredit], *, at: datetime) -> Sequence[VoidCredit]:
        for invoice, some in _by_invoice(items):
            lines, notes = _apart(_without_credit(invoice, some), at=at)
            if lines:
                notes += _carried(invoice, lines)
            if notes:
                _settled(notes, _note(invoice, notes))
        return ()

    def fail(self, item: VoidCredit, failure: Failure, *, at: datetime) -> None:
        item.code, item.message = failure.code, failure.words[:500]


VOID_CREDITS = VoidCredits()


def _by_invoice(items: Iterable[VoidCredit]) -> list[tuple[Invoice, list[VoidCredit]]]:
    """Return the items with the issued invoice that charged them, in the order of the invoices."""
    of_period = defaultdict[int, list[VoidCredit]](list)
    for item in items:
        of_period[item.action.period_id].append(item)
    found = Invoice.objects.filter(period__in=of_period, state=Invoice.State.ISSUED).order_by("pk")
    return [(invoice, of_period[invoice.period_id]) for invoice in found.select_related("customer", "period__customer")]


def _apart(items: Sequence[VoidCredit], *, at: datetime) -> tuple[list[VoidCredit], list[VoidCredit]]:
    """Return what is to be a line of the next invoice, and what is to be on a note."""
    terms = terms_of({item.action.period.customer_id for item in items})
    lines = [item for item in items if waits_for_an_invoice(item.action, terms, at=at)]
    return lines, [item for item in items if item not in lines]


def _without_credit(invoice: Invoice, items: Sequence[VoidCredit]) -> list[VoidCredit]:
    """Settle what a person has credited meanwhile and what cost nothing; return the others."""
    lock(invoice)
    named = CreditedCharge.objects.filter(action__in=[item.pk for item in items]).select_related("line__note")
    credit_of = {each.action_id: each.line.note for each in named}
    shares = shares_of(invoice, [item.pk for item in items if item.pk not in credit_of])
    charged = {action: share for some in shares.values() for action, share in some.items()}
    left = list[VoidCredit]()
    for item in items:
        if item.pk in credit_of:
            _settled([item], credit_of[item.pk])
        elif charged.get(item.pk, money.ZERO):
            left.append(item)
        else:
            item.code, item.message = NOTHING_CHARGED, "Rounded, it cost nothing, so there is nothing to credit."
    return left


def _carried(invoice: Invoice, items: Sequence[VoidCredit]) -> list[VoidCredit]:
    """Put the items on the next draft; return those for which there must be a note."""
    try:
        found = carry(invoice, [item.pk for item in items])
    except NotElectronic:
        return list(items)
    for item in items:
        if item.pk in found:
            _settled([item], found[item.pk])
        else:
            item.attempts -= 1  # it waits for a draft: not a failure
    return []


def _note(invoice: Invoice, items: Sequence[VoidCredit]) -> CreditNote:
    charges = list(Charge.objects.filter(pk__in=[item.pk for item in items]))
    words = voids_in_words(len(charges))
    return draft_for_charges(invoice, charges, reason=reason_of_voids(), sentence=words, by=None)


def _settled(items: Iterable[VoidCredit], credit: CreditNote) -> None:
    for item in items:
        item.credit, item.attempts = credit, 0
