"""Draft a credit note over lines or single charges of an issued invoice, see what it would credit, or discard it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Sum

from billing_engine.core import money
from billing_engine.core.approvals.requests import check_not_requested
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, Refused
from invoices.domain.lines.shares import shares_of
from invoices.models import Invoice, InvoiceLine
from leads.models import ApprovalThreshold
from pricing.models import Charge
from receivables.domain.credit_notes.left import Left, lock, what_is_left
from receivables.domain.credit_notes.sums import CreditHasFaults, Sums, sums_of
from receivables.models import CreditedCharge, CreditNote, CreditNoteLine, CreditNoteTax, Reason, VoidCredit

CREDIT_NOTE = ApprovalThreshold.Kind.CREDIT_NOTE
DRAFTED = Verb("credit_note_drafted", "Credit note drafted")
DISCARDED = Verb("credit_note_discarded", "Credit note discarded")

Amounts = Mapping[InvoiceLine, Decimal]
Shares = Mapping[InvoiceLine, Mapping[int, Decimal]]  # by action


class NotCreditable(Refused):
    """Only an issued invoice can be credited."""

    code = "not_creditable"


class WrongState(Refused):
    """A step needs a credit note in the right state."""

    code = "credit_note_in_wrong_state"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a note would credit, and what the invoice has left before it."""

    left: Left
    sums: Sums
    shares: Shares = field(default_factory=dict)


@transaction.atomic
def draft_for_lines(
    invoice: Invoice, amounts: Amounts, *, reason: Reason, sentence: str, by: User | None, origin: str = ""
) -> CreditNote:
    """Draft a note over amounts of lines, before tax; raise NotCreditable or CreditHasFaults. `by` None is the engine."""
    lock(invoice)
    return _draft(propose_lines(invoice, amounts), reason=reason, sentence=sentence, by=by, origin=origin)


@transaction.atomic
def draft_for_charges(
    invoice: Invoice, charges: Collection[Charge], *, reason: Reason, sentence: str, by: User | None, origin: str = ""
) -> CreditNote:
    """Draft a note over single charges, each with what is left of its share; raise NotCreditable or CreditHasFaults."""
    lock(invoice)
    actions = [charge.pk for charge in charges]
    return _draft(propose_charges(invoice, actions), reason=reason, sentence=sentence, by=by, origin=origin)


def propose_lines(invoice: Invoice, amounts: Amounts) -> Proposal:
    """Return what such a note would credit, without storing it; raise NotCreditable or CreditHasFaults."""
    left = what_is_left(_issued(invoice))
    return Proposal(left, sums_of(left, amounts))


def propose_charges(invoice: Invoice, actions: Collection[int]) -> Proposal:
    """Return the same for the charges of actions."""
    left = what_is_left(_issued(invoice))
    shares = _shares_left(invoice, actions)
    amounts = {line: sum(some.values(), money.ZERO) for line, some in shares.items()}
    return Proposal(left, sums_of(left, amounts), shares)


@transaction.atomic
def discard(note: CreditNote, *, by: User, reason: str = "") -> None:
    """Delete a draft; what it would have credited is left again. Raises WrongState."""
    note = locked(note, CreditNote.State.DRAFT)
    check_not_requested(note, CREDIT_NOTE)
    before = {"total": in_words(note), "reason": note.reason, "sentence": note.sentence}
    left_to_people = f"{by.get_full_name() or by} discarded its credit note."
    VoidCredit.objects.filter(credit=note).update(code=DISCARDED.code, message=left_to_people)
    record(DISCARDED, on=note, by=by, reason=reason, before=before, also=touched_by(note))
    note.delete()


def locked(note: CreditNote, *states: CreditNote.State) -> CreditNote:
    """Lock the invoice and its customer, then the note, and read it again; raise WrongState unless it is in one of the states."""
    lock(note.invoice)
    found = CreditNote.objects.select_for_update(of=("self",)).select_related("invoice__customer", "reason")
    now = found.filter(pk=note.pk).first()
    if now is None or now.state not in states:
        is_now = "deleted" if now is None else now.get_state_display().lower()
        raise WrongState(f"This credit note is {is_now}, not {' or '.join(each.label.lower() for each in states)}.")
    return now


def check_issued(invoice: Invoice) -> None:
    """Refuse to credit an invoice that is not issued, or no longer."""
    if invoice.state == Invoice.State.VOID:
        raise NotCreditable(f"{invoice} is void, so there is nothing to credit.")
    if invoice.state != Invoice.State.ISSUED:
        raise NotCreditable(f"{invoice} is not issued. Change the draft instead.")


def touched_by(note: CreditNote) -> list[Invoice]:
    """The rows that a deed on a note also touches."""
    return [note.invoice]


def in_words(note: CreditNote) -> str:
    """The total in words, as a deed keeps it: `$38.52`."""
    return money.in_words(note.total, note.currency)


def _issued(invoice: Invoice) -> Invoice:
    """Read the invoice again, because it may have been voided meanwhile."""
    now = Invoice.objects.select_related("customer", "period__customer").get(pk=invoice.pk)
    check_issued(now)
    return now


def _draft(proposal: Proposal, *, reason: Reason, sentence: str, by: User | None, origin: str) -> CreditNote:
    if faults := _faults_of_words(reason, sentence):
        raise CreditHasFaults(faults)
    note = store(proposal, reason=reason, sentence=" ".join(sentence.split()), origin=origin, drafted_by=by)
    after = {"invoice": note.invoice, "total": in_words(note), "reason": reason, "sentence": note.sentence}
    record(DRAFTED, on=note, by=by, after=after, also=touched_by(note))
    return note


def store(proposal: Proposal, **facts: Any) -> CreditNote:
    """Store a credit with its lines, charges and taxes; the caller has locked the invoice, and records the deed."""
    invoice, sums = proposal.left.invoice, proposal.sums
    amounts = {"subtotal": sums.subtotal, "tax": sums.tax, "total": sums.total}
    note = CreditNote.objects.create(invoice=invoice, currency=invoice.currency, **amounts, **facts)
    lines = CreditNoteLine.objects.bulk_create(
        CreditNoteLine(note=note, line=line, amount=amount) for line, amount in proposal.sums.lines.items()
    )
    CreditedCharge.objects.bulk_create(
        CreditedCharge(line=line, action_id=action, amount=share)
        for line in lines
        for action, share in proposal.shares.get(line.line, {}).items()
    )
    CreditNoteTax.objects.bulk_create(
        CreditNoteTax(
            note=note, position=position, name=each.tax.name, rate=each.tax.rate, base=each.base, amount=each.amount
        )
        for position, each in enumerate(proposal.sums.taxes, start=1)
    )
    return note


def _faults_of_words(reason: Reason, sentence: str) -> list[FieldFault]:
    faults, most = [], CreditNote._meta.get_field("sentence").max_length or 0
    if not reason.is_active:
        faults.append(FieldFault("reason", "reason_is_inactive", "This reason is no longer used. Choose another one."))
    if not sentence.strip():
        faults.append(FieldFault("sentence", "needs_a_sentence", "Say why, in words that the customer reads."))
    if len(sentence.strip()) > most:
        faults.append(FieldFault("sentence", "sentence_is_too_long", f"Use at most {most} characters."))
    return faults


def _shares_left(invoice: Invoice, actions: Collection[int]) -> dict[InvoiceLine, dict[int, Decimal]]:
    """Return what is left of each charge's share; raise CreditHasFaults for charges that are not there or credited."""
    before = CreditedCharge.objects.filter(line__note__invoice=invoice, action__in=actions)
    credited = dict(before.values_list("action").order_by("action").annotate(Sum("amount")))
    shares = shares_of(invoice, actions)
    missing = set(actions) - {action for some in shares.values() for action in some}
    faults = [
        FieldFault("charges", "not_charged_here", f"Action {action} is not charged on {invoice}.")
        for action in sorted(missing)
    ]
    faults += [
        FieldFault("charges", "charge_is_credited", f"The charge of action {action} is credited already.")
        for some in shares.values()
        for action, share in some.items()
        if share and share <= credited.get(action, money.ZERO)
    ]
    if faults or not actions:
        raise CreditHasFaults(faults or [FieldFault("charges", "no_charges", "Choose the charges to credit.")])
    left = {
        line: {action: share - credited.get(action, money.ZERO) for action, share in some.items()}
        for line, some in shares.items()
    }
    positive = {line: {action: share for action, share in some.items() if share} for line, some in left.items()}
    return {line: some for line, some in positive.items() if some}
