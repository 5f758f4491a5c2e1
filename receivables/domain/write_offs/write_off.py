"""Write off what is left of an open item, and reverse a write-off."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse

from billing_engine.core import money
from billing_engine.core.approvals.kinds import Kind as ApprovalKind
from billing_engine.core.approvals.people import NeedsApproval
from billing_engine.core.approvals.requests import ask
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults, Refused
from billing_engine.core.models import ApprovalRequest
from leads.domain.access.second_person import needs_second_person
from leads.models import ApprovalThreshold
from receivables.domain.ledger.allocations import Match, match, standing
from receivables.domain.ledger.items import locked
from receivables.domain.ledger.post import Account, Part, against_receivable, post
from receivables.domain.ledger.write_off_reversal import post_reversal, write_off_document
from receivables.models import LedgerDocument, WriteOff

WRITE_OFF_PROPOSED = Verb("write_off_proposed", "Write-off proposed")
WRITTEN_OFF = Verb("written_off", "Written off")
WRITE_OFF_REVERSED = Verb("write_off_reversed", "Write-off reversed")

Kind, Side, State = LedgerDocument.Kind, LedgerDocument.Side, WriteOff.State


class WriteOffHasFaults(HasFaults):
    """A write-off that can't be posted."""

    code = "write_off_has_faults"


class WriteOffNeedsApproval(NeedsApproval):
    """Above the company's sum, another person approves."""

    code = "write_off_needs_approval"
    message = "Another person must approve a write-off of this sum. Ask for approval."


class NothingOwed(Refused):
    """An invoice that was never issued is not owed, so it can't be written off."""

    code = "nothing_owed"
    message = "This invoice is not issued, so there is nothing to write off."


class NotReversed(Refused):
    """Only a posted write-off is reversed, and once."""

    code = "write_off_not_reversed"
    message = "Only a posted write-off can be reversed, and only once."


@transaction.atomic
def write_off(proposed: WriteOff, *, by: User, at: datetime) -> LedgerDocument:
    """Post an unsaved write-off with today's date. Raises WriteOffHasFaults or WriteOffNeedsApproval."""
    _check(proposed)
    check_alone(proposed)
    proposed.written_by, proposed.written_at = by, at
    return _post(proposed, by=by, at=at)


@transaction.atomic
def propose(proposed: WriteOff, *, by: User, at: datetime) -> ApprovalRequest:
    """Store an unsaved write-off and ask a second person; nothing is posted. Raises WriteOffHasFaults."""
    _check(proposed)
    if WriteOff.objects.filter(item=proposed.item_id, state=State.WAITING).exists():
        raise _fault("item", "A write-off of this item waits for approval already.")
    proposed.written_by, proposed.written_at, proposed.state = by, at, State.WAITING
    proposed.save(force_insert=True)
    words = money.in_words(proposed.amount, proposed.item.currency)
    record(
        WRITE_OFF_PROPOSED, on=proposed, by=by, reason=proposed.sentence, also=[proposed.item], after={"amount": words}
    )
    differences = [("Written off", "", words), ("Why", "", proposed.get_reason_display())]
    return ask(KIND, on=proposed, by=by, at=at, reason=proposed.sentence, differences=differences)


@transaction.atomic
def reverse_write_off(document: LedgerDocument, *, by: User, at: datetime, reason: str) -> LedgerDocument:
    """Owe it again, for example because the customer pays after all: a document of today. Raises NotReversed."""
    found = locked([document.pk])[document.pk]
    if found.kind != Kind.WRITE_OFF or found.side != Side.CREDIT or is_reversed(found):
        raise NotReversed
    made = post_reversal(found, by=by, at=at, reason=reason)
    record(WRITE_OFF_REVERSED, on=made, by=by, reason=reason, also=[found])
    return made


def is_reversed(written_off: LedgerDocument) -> bool:
    """Whether its opposite was posted."""
    return any(each.debit.kind == Kind.WRITE_OFF for each in standing(written_off))


def check_alone(proposed: WriteOff) -> None:
    """Raise WriteOffNeedsApproval above the sum that the company set, together with what of the item is written off already.

    So no one writes off a large item alone in small pieces.
    """
    item = proposed.item
    before = sum((each.amount for each in standing(item) if each.credit.kind == Kind.WRITE_OFF), money.ZERO)
    if needs_second_person(
        ApprovalThreshold.Kind.WRITE_OFF, item.seller, amount=before + proposed.amount, currency=item.currency
    ):
        raise WriteOffNeedsApproval


def _check(proposed: WriteOff) -> LedgerDocument:
    item = locked([proposed.item_id])[proposed.item_id]
    if item.side != Side.DEBIT or item.kind == Kind.WRITE_OFF:
        raise _fault("item", f"{item} is not owed, so it can't be written off.")
    if not proposed.sentence.strip():
        raise _fault("sentence", "Say why.")
    if proposed.amount <= 0 or not money.fits(proposed.amount, item.currency):
        raise _fault("amount", f"Enter an amount above zero. {money.no_fraction_in_words(item.currency)}")
    if proposed.amount > item.left:
        words = money.in_words(item.left, item.currency), money.in_words(proposed.amount, item.currency)
        raise _fault("amount", f"{item} has {words[0]} left, not {words[1]}.")
    return item


def _post(proposed: WriteOff, *, by: User, at: datetime) -> LedgerDocument:
    item = _check(proposed)
    document = write_off_document(item, by=by, at=at)
    post([(document, against_receivable(document, [Part(Account.BAD_DEBT, proposed.amount)]))])
    match([Match(document, item, proposed.amount)], on=document.posted_on, at=at, person=by, reason="written off")
    proposed.state, proposed.document = State.POSTED, document
    if proposed.pk:
        proposed.save(update_fields=["state", "document"])
    else:
        proposed.save(force_insert=True)
    words = money.in_words(proposed.amount, item.currency)
    after = {"amount": words, "reason": proposed.get_reason_display()}
    record(WRITTEN_OFF, on=proposed, by=by, reason=proposed.sentence, also=[document, item], after=after)
    return document


def _approve(proposed: WriteOff, by: User, at: datetime, _: str) -> None:
    _post(proposed, by=by, at=at)


def _drop(proposed: WriteOff, by: User, at: datetime, words: str) -> None:  # noqa: ARG001 -- as `set_aside` is called
    proposed.state = State.DROPPED
    proposed.save(update_fields=["state"])


def _fault(field: str, words: str) -> WriteOffHasFaults:
    return WriteOffHasFaults([FieldFault(field, "write_off", words)])


KIND = ApprovalKind(
    code="write_off",
    words="Write-off",
    model=WriteOff,
    permission="receivables.change_writeoff",
    written_by=frozenset({WRITE_OFF_PROPOSED.code}),
    approve=_approve,
    set_aside=_drop,
    page=lambda proposed: reverse("admin:receivables_writeoff_change", args=[proposed.pk]),
)
