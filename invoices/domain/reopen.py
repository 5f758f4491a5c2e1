"""A closed period opened again: for a draft anew, for a correction, or because its invoice was voided."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core import money
from billing_engine.core.errors import Refused
from invoices.domain.adjust import kept
from invoices.domain.close import close
from invoices.domain.cycle import check_not_closed, check_unlocked
from invoices.domain.document.void import keep_and_mark_void
from invoices.domain.invoice import State, locked, to_draft
from invoices.domain.total import balance
from invoices.models import BillingRunItem, CreditEntry, Invoice, Reopening
from leads.domain.periods import mark_unrated
from leads.models import BillingPeriod

Kind = CreditEntry.Kind


class PeriodIsOpenAlready(Refused):
    """Only what is closed opens again."""

    code = "period_is_open"
    message = "This billing period is open."


class PeriodIsIssued(Refused):
    """What a customer was asked to pay stands, until it is voided."""

    code = "period_is_issued"


class NeedsSecondPerson(Refused):
    """Whoever closed, adjusted, approved or issued does not undo it alone."""

    code = "needs_second_person"


class NeedsReason(Refused):
    """What undoes something says why."""

    code = "needs_reason"
    message = "Say why: the reason is kept."


class CreditIsUsed(Refused):
    """Credit that later invoices have drawn on is not taken back."""

    code = "credit_is_used"


@transaction.atomic
def reopen(period: BillingPeriod, *, reason: str, by: User, at: datetime) -> BillingPeriod:
    """Open a closed period again: its draft is thrown away, it is rated anew and can be billed anew.

    By somebody who neither started the run that closed it nor adjusted or approved its invoice. Raises NeedsReason,
    PeriodIsOpenAlready, PeriodIsIssued, CycleLocked or NeedsSecondPerson, and then nothing has changed.
    """
    period = _locked(period.pk)
    if period.is_open:
        raise PeriodIsOpenAlready
    check_unlocked(period)
    found = Invoice.objects.live().filter(period=period).first()
    if found is not None and found.state == State.ISSUED:
        raise PeriodIsIssued(f"{period} is on invoice {found.number}: it opens again only when that is voided.")
    invoice = None if found is None else locked(found, State.DRAFT, State.APPROVED)
    _of_a_second_person(by, _hands_on(period, invoice), "re-opens it")
    name = "" if invoice is None else str(invoice)
    if invoice is not None:
        to_draft(invoice).delete()
    _open(period, reason=reason, by=by, at=at, invoice=name)
    return period


@transaction.atomic
def regenerate(invoice: Invoice, *, at: datetime) -> Invoice | None:
    """Rate the period of a draft again and draft it anew, with its adjustments kept; None where nothing is left to bill.

    All or nothing: where the period cannot be closed again (an action is unrated), the old draft stays as it was.
    """
    period = _locked(invoice.period_id)
    check_unlocked(period)
    invoice = locked(invoice, State.DRAFT)
    adjustments, items = kept(invoice), list(invoice.run_items.values_list("pk", flat=True))
    invoice.delete()
    _opened(period, why="regenerated")
    fresh = close(period, at=at, adjustments=adjustments)
    BillingRunItem.objects.filter(pk__in=items).update(invoice=fresh)
    return fresh


@transaction.atomic
def void(invoice: Invoice, *, reason: str, by: User, at: datetime) -> Invoice:
    """Declare an issued invoice void: it keeps its number, its lines and its PDF, and its period can be billed anew.

    By somebody else than who issued it, as long as its month is not closed for good. Credit it drew is given back,
    credit it carried forward is taken back. Raises NeedsReason, WrongState, NeedsSecondPerson, CycleLocked or
    CreditIsUsed, and then nothing has changed.
    """
    period = _locked(invoice.period_id)
    check_not_closed(period)
    invoice = locked(invoice, State.ISSUED)
    _of_a_second_person(by, {invoice.issued_by_id}, "voids it")
    invoice.state, invoice.voided_by, invoice.voided_at = State.VOID, by, at
    invoice.void_reason = _said(reason)
    invoice.save(update_fields=["state", "voided_by", "voided_at", "void_reason"])
    keep_and_mark_void(invoice, at=at)
    _give_back_credit(invoice, at=at)
    _open(period, reason=reason, by=by, at=at, invoice=str(invoice))
    return invoice


def _locked(period: int) -> BillingPeriod:
    """Always before its invoice: nobody waits for one who waits for him."""
    return BillingPeriod.objects.select_for_update(of=("self",)).select_related("customer").get(pk=period)


def _hands_on(period: BillingPeriod, invoice: Invoice | None) -> set[int | None]:
    """Who started the runs that billed the period, and who adjusted or approved its invoice."""
    hands: set[int | None] = set(
        BillingRunItem.objects.filter(period=period).exclude(settled_at=None).values_list("run__started_by", flat=True)
    )
    if invoice is not None:
        hands.add(invoice.approved_by_id)
        hands |= set(invoice.lines.values_list("adjustment__adjusted_by", flat=True))
    return hands


def _of_a_second_person(by: User, hands: set[int | None], what: str) -> None:
    if by.pk in hands:
        raise NeedsSecondPerson(f"You had a hand in this invoice: somebody else {what}.")


def _said(reason: str) -> str:
    if not reason.strip():
        raise NeedsReason
    return reason.strip()


def _open(period: BillingPeriod, *, reason: str, by: User, at: datetime, invoice: str) -> None:
    assert period.closed_at is not None  # noqa: S101 -- tells mypy: the database keeps that a closed one says when
    Reopening.objects.create(
        period=period,
        reason=_said(reason),
        reopened_by=by,
        reopened_at=at,
        closed_at=period.closed_at,
        invoice=invoice,
    )
    _opened(period, why="reopened")


def _opened(period: BillingPeriod, *, why: str) -> None:
    """What it was rated by goes with the next close; from here it is rated by what holds now, from its first action on."""
    period.state, period.closed_at = BillingPeriod.State.OPEN, None
    period.save(update_fields=["state", "closed_at"])
    mark_unrated([period], reason=why)


def _give_back_credit(invoice: Invoice, *, at: datetime) -> None:
    if not invoice.credit:
        return
    if invoice.credit > balance(invoice.customer, invoice.currency):
        raise CreditIsUsed(
            f"{money.in_words(invoice.credit, invoice.currency)} of credit that this invoice carried forward is used by"
            " a later invoice: void that one first."
        )
    CreditEntry.objects.create(
        customer=invoice.customer,
        invoice=invoice,
        kind=Kind.TAKEN_BACK if invoice.credit > 0 else Kind.RETURNED,
        currency=invoice.currency,
        amount=-invoice.credit,
        created_at=at,
    )
