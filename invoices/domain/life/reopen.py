"""Reopen a closed period: to regenerate its draft, to correct it, or because its invoice was voided."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.approvals.requests import check_not_requested, close_for
from billing_engine.core.deeds.record import record
from billing_engine.core.errors import Refused
from invoices.domain.document.void_documents import keep_and_mark_void
from invoices.domain.life.adjustments import copied_adjustments
from invoices.domain.life.batch import State, locked
from invoices.domain.life.close import close
from invoices.domain.life.credit import check_credit_is_unused
from invoices.domain.life.deeds import (
    INVOICE_REGENERATED,
    INVOICE_VOIDED,
    PERIOD_BILLED_AGAIN,
    PERIOD_REOPENED,
    check_no_hand,
    hands_on,
    issuers_of,
    total_of,
    touched_by,
)
from invoices.domain.life.transitions import to_draft
from invoices.domain.lines.books import books
from invoices.domain.month_history import record_step
from invoices.domain.month_lock import (
    CycleLocked,
    check_not_closed,
    check_unlocked,
    why_closed,
    why_locked,
    why_not_regenerated,
)
from invoices.models import BillingRunItem, CycleStep, Invoice
from leads.domain.periods import mark_unrated
from leads.domain.voiding import apply_voids
from leads.models import BillingPeriod
from pricing.domain.rate.carry_over import mark_earlier

VOID, REOPENING = "void", "reopening"  # kinds of approval


class PeriodAlreadyOpen(Refused):
    """Only a closed period can be reopened."""

    code = "period_is_open"
    message = "This billing period is already open."


class PeriodIsIssued(Refused):
    """A period with an issued invoice can be reopened only by voiding the invoice."""

    code = "period_is_issued"


class NeedsReason(Refused):
    """Reopening and voiding need a reason."""

    code = "needs_reason"
    message = "Enter a reason. It is kept on record."


class NothingToBillAgain(Refused):
    """Only a period that was reopened in a locked month can be billed individually."""

    code = "nothing_to_bill_again"
    message = "This period was not reopened in a locked month. A billing run bills it."


@transaction.atomic
def reopen(period: BillingPeriod, *, reason: str, by: User, at: datetime) -> BillingPeriod:
    """Reopen a closed period: delete its draft and mark the period for rating, so that it can be billed again.

    Needs a second person, see `check_may_reopen`. Raises NeedsReason, PeriodAlreadyOpen, PeriodIsIssued, CycleLocked or
    NeedsSecondPerson; then nothing has changed.
    """
    period = _locked(period.pk)
    if period.is_open:
        raise PeriodAlreadyOpen
    check_unlocked(period.label)
    found = Invoice.objects.live().filter(period=period).first()
    if found is not None and found.state == State.ISSUED:
        raise PeriodIsIssued(f"{period} is on invoice {found.number}. Void the invoice to reopen the period.")
    invoice = None if found is None else locked(found, State.DRAFT, State.APPROVED)
    check_may_reopen(period, by)
    before: dict[str, object] = {"closed_at": period.closed_at}
    also = [period.customer, *([Invoice(pk=invoice.pk)] if invoice else [])]
    if invoice is not None:
        before |= {"draft": str(invoice), "total": total_of(invoice)}
        close_for(invoice, by=by, at=at)
        to_draft(invoice).delete()
    close_for(period, by=by, at=at)
    _set_open(period, why="reopened", sealed=False)
    record(PERIOD_REOPENED, on=period, by=by, reason=_required(reason), before=before, also=also)
    record_step(period.label, CycleStep.Kind.PERIOD, by=by, at=at, reason=reason, about=str(period), period=period)
    return period


@transaction.atomic
def regenerate(invoice: Invoice, *, by: User, at: datetime) -> Invoice | None:
    """Rate a draft's period again and draft its invoice again, keeping adjustments; return None if nothing is left to bill.

    If the period cannot be closed again (an action is unrated), the old draft stays as it was. In a locked month only
    sealed periods can be regenerated; raises CycleLocked for the others.
    """
    period = _locked(invoice.period_id)
    check_not_closed(period.label)
    if why := why_not_regenerated(period):
        raise CycleLocked(why)
    invoice = locked(invoice, State.DRAFT)
    adjustments, items = copied_adjustments(invoice), list(invoice.run_items.values_list("pk", flat=True))
    before, old = {"draft": str(invoice), "total": total_of(invoice)}, Invoice(pk=invoice.pk)
    close_for(invoice, by=by, at=at)
    invoice.delete()
    _set_open(period, why="regenerated", sealed=period.is_sealed)
    fresh = close(period, at=at, adjustments=adjustments)
    BillingRunItem.objects.filter(pk__in=items).update(invoice=fresh)
    after = {"draft": str(fresh), "total": total_of(fresh)} if fresh else {"draft": None, "total": None}
    also = [old, period, period.customer]
    record(INVOICE_REGENERATED, on=fresh or period, by=by, before=before, after=after, also=also)
    return fresh


@transaction.atomic
def void(invoice: Invoice, *, reason: str, by: User, at: datetime) -> Invoice:
    """Void an issued invoice: it keeps its number, lines and PDF, and its period can be billed again.

    Needs a person other than the one who issued it, and a month that is not closed. In a locked month the period is
    sealed, so that it takes no new actions. Credit that the invoice used is returned; credit that it carried forward is
    withdrawn. Raises NeedsReason, WrongState, NeedsSecondPerson, CycleLocked, IsCredited or CreditIsUsed; then nothing has
    changed.
    """
    period = _locked(invoice.period_id)
    is_locked = check_not_closed(period.label)
    invoice = locked(invoice, State.ISSUED)
    check_may_void(invoice, by)
    check_credit_is_unused(invoice)
    invoice.state, invoice.voided_by, invoice.voided_at = State.VOID, by, at
    invoice.void_reason = _required(reason)
    invoice.save(update_fields=["state", "voided_by", "voided_at", "void_reason"])
    close_for(invoice, by=by, at=at)
    keep_and_mark_void(invoice, at=at)
    books().voided(invoice, at=at)
    before, after = {"state": State.ISSUED, "period_closed_at": period.closed_at}, {"state": State.VOID}
    _set_open(period, why="reopened", sealed=is_locked)
    record(INVOICE_VOIDED, on=invoice, by=by, reason=reason, before=before, after=after, also=touched_by(invoice))
    about = f"{invoice}, {invoice.customer}"
    record_step(period.label, CycleStep.Kind.VOIDED, by=by, at=at, reason=reason, about=about, period=period)
    invoice.period = period
    return invoice


@transaction.atomic
def bill_again(period: BillingPeriod, *, by: User, at: datetime) -> Invoice | None:
    """Rate and close a sealed period and draft its invoice from the same actions; return None if nothing is left to bill.

    Raises NothingToBillAgain, or what `close` raises.
    """
    period = _locked(period.pk)
    if not may_bill_again(period):
        raise NothingToBillAgain
    check_not_closed(period.label)
    record_step(period.label, CycleStep.Kind.BILLED_AGAIN, by=by, at=at, about=str(period), period=period)
    fresh = close(period, at=at)
    after = {"draft": str(fresh), "total": total_of(fresh)} if fresh else {"draft": None}
    also = [period.customer, *([fresh] if fresh else [])]
    record(PERIOD_BILLED_AGAIN, on=period, by=by, after=after, also=also)
    return fresh


def may_bill_again(period: BillingPeriod) -> bool:
    """Return whether the period was reopened in a locked month, where no billing run bills it."""
    return period.is_open and period.is_sealed


def may_reopen(period: BillingPeriod) -> bool:
    """Return whether a second person could reopen the period: it is closed and not issued, and its month is open."""
    is_issued = Invoice.objects.filter(period=period, state=State.ISSUED).exists()
    return not period.is_open and not is_issued and not why_locked(period.label)


def check_may_reopen(period: BillingPeriod, by: User) -> None:
    """Refuse everyone who billed the period or had a hand in its invoice, even if that was undone later."""
    check_not_requested(period, REOPENING)
    check_no_hand(by, hands_on(period), "reopen its period")


def check_may_void(invoice: Invoice, by: User) -> None:
    """Refuse the person who issued the invoice, and everyone once its month is closed or a credit note refers to it."""
    if why := why_closed(invoice.period.label):
        raise CycleLocked(why)
    books().check_voidable(invoice)
    check_not_requested(invoice, VOID)
    check_no_hand(by, issuers_of(invoice), "void it")


def _locked(period: int) -> BillingPeriod:
    """Lock the period, always before its invoice, to prevent deadlocks."""
    return BillingPeriod.objects.select_for_update(of=("self",)).select_related("customer").get(pk=period)


def _required(reason: str) -> str:
    if not reason.strip():
        raise NeedsReason
    return reason.strip()


def _set_open(period: BillingPeriod, *, why: str, sealed: bool) -> None:
    """Open the period and mark it for rating by the current rules, from its first action on."""
    period.state, period.closed_at, period.is_sealed = BillingPeriod.State.OPEN, None, sealed
    period.save(update_fields=["state", "closed_at", "is_sealed"])
    apply_voids(period)
    mark_unrated([period], reason=why)
    mark_earlier([period])
