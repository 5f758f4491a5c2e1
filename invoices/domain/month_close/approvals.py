"""Requests that an invoice's own hands make: approve an adjusted draft, void an invoice, reopen a period or month."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse

from billing_engine.core import money
from billing_engine.core.approvals.kinds import Kind, nothing_to_do
from billing_engine.core.approvals.people import NeedsApproval, approved_by
from billing_engine.core.approvals.requests import ask
from billing_engine.core.errors import Refused
from billing_engine.core.models import ApprovalRequest
from invoices.domain.life.batch import State, locked
from invoices.domain.life.deeds import (
    ADJUSTED_INVOICE,
    CHANGED_THE_DRAFT,
    HAD_A_HAND,
    INVOICE_ISSUED,
    authors_of_draft,
    hands_on,
    issuers_of,
    withdrawn_from,
)
from invoices.domain.life.late_voids import late_voids_of
from invoices.domain.life.reopen import REOPENING, VOID, check_may_reopen, reopen, void
from invoices.domain.life.transitions import approve
from invoices.domain.month_close.close_month import MONTH_REOPENING, check_may_open_again, lockers_of
from invoices.domain.month_close.close_month import reopen as reopen_month
from invoices.models import Adjustment, BillingCycle, Invoice
from leads.models import BillingPeriod


@transaction.atomic
def request_approval(invoice: Invoice, *, by: User, at: datetime, reason: str) -> ApprovalRequest:
    """Request the approval of an adjusted draft; each adjustment, also a withdrawn one, is a difference."""
    invoice = locked(invoice, State.DRAFT)
    notes = {"note": late.in_words} if (late := late_voids_of(invoice)).actions else {}
    return ask(
        DRAFT,
        on=invoice,
        by=by,
        at=at,
        reason=reason,
        differences=_adjustments(invoice),
        effect={"customers": [_without_adjustments(invoice)], **notes},
    )


@transaction.atomic
def request_void(invoice: Invoice, *, by: User, at: datetime, reason: str) -> ApprovalRequest:
    """Request that another person voids an issued invoice."""
    invoice = locked(invoice, State.ISSUED)
    changed = [("State", "Issued", "Void"), ("Billing period", "Closed", "Open, to be billed again")]
    effect = {"customers": [_figures(invoice, then="not due")]}
    return ask(INVOICE_VOID, on=invoice, by=by, at=at, reason=reason, differences=changed, effect=effect)


@transaction.atomic
def request_reopening(period: BillingPeriod, *, by: User, at: datetime, reason: str) -> ApprovalRequest:
    """Request that another person reopens a period, which deletes its draft."""
    _check_only_a_person_is_missing(check_may_reopen, period, by)
    draft = Invoice.objects.live().filter(period=period).first()
    changed = [("State", "Closed", "Open"), *([("Draft", str(draft), "deleted")] if draft else [])]
    effect = {"customers": [_figures(draft, then="rated and billed again")]} if draft else {}
    return ask(PERIOD_REOPENING, on=period, by=by, at=at, reason=reason, differences=changed, effect=effect)


@transaction.atomic
def request_month_reopening(cycle: BillingCycle, *, by: User, at: datetime, reason: str) -> ApprovalRequest:
    """Request that another person reopens a locked month."""
    _check_only_a_person_is_missing(check_may_open_again, cycle, by)
    changed = [("State", cycle.get_state_display(), BillingCycle.State.OPEN.label)]
    return ask(CYCLE_REOPENING, on=cycle, by=by, at=at, reason=reason, differences=changed)


def _check_only_a_person_is_missing(check: Any, row: Any, by: User) -> None:
    """Refuse what a second person could not do either."""
    try:
        check(row, by)
    except Refused as refusal:
        if not isinstance(refusal, NeedsApproval):
            raise


def _adjustments(invoice: Invoice) -> list[tuple[str, str, str]]:
    currency = invoice.currency
    made = Adjustment.objects.filter(line__invoice=invoice).select_related("line").order_by("line__position")
    return [
        *((one.line.description, "", money.difference_in_words(one.line.amount, currency)) for one in made),
        *(
            (text, money.difference_in_words(amount, currency), "withdrawn")
            for text, amount in withdrawn_from(invoice.period)
        ),
    ]


def _without_adjustments(invoice: Invoice) -> dict[str, str]:
    """The subtotal, before taxes and credit, without its adjustments and with them."""
    adjusted = sum(Adjustment.objects.filter(line__invoice=invoice).values_list("line__amount", flat=True), money.ZERO)
    return {
        "customer": str(invoice.customer),
        "now": money.in_words(invoice.subtotal - adjusted, invoice.currency),
        "then": money.in_words(invoice.subtotal, invoice.currency),
        "difference": money.difference_in_words(adjusted, invoice.currency),
    }


def _figures(invoice: Invoice, *, then: str) -> dict[str, str]:
    total = money.in_words(invoice.total, invoice.currency)
    return {"customer": str(invoice.customer), "now": total, "then": then, "difference": ""}


def _approve(invoice: Invoice, by: User, at: datetime, reason: str) -> None:
    """Approve over late voids only if the request showed them."""
    request = approved_by(invoice, ADJUSTED_INVOICE, by=by, at=at)
    shown = request.effect.get("note", "") if request else ""
    late = late_voids_of(invoice)
    approve(invoice, by=by, at=at, reason=reason if late.actions and shown == late.in_words else "")


def _void(invoice: Invoice, by: User, at: datetime, reason: str) -> None:
    void(invoice, reason=reason, by=by, at=at)


def _reopen(period: BillingPeriod, by: User, at: datetime, reason: str) -> None:
    reopen(period, reason=reason, by=by, at=at)


def _reopen_month(cycle: BillingCycle, by: User, at: datetime, reason: str) -> None:
    reopen_month(cycle, by=by, at=at, reason=reason)


def _page(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


DRAFT = Kind(
    code=ADJUSTED_INVOICE.value,
    words="Adjusted invoice",
    model=Invoice,
    permission="invoices.change_invoice",
    written_by=CHANGED_THE_DRAFT,
    approve=_approve,
    set_aside=nothing_to_do,
    page=_page,
    other_authors=authors_of_draft,
)
INVOICE_VOID = Kind(
    code=VOID,
    words="Void",
    model=Invoice,
    permission="invoices.change_invoice",
    written_by=frozenset({INVOICE_ISSUED.code}),
    approve=_void,
    set_aside=nothing_to_do,
    page=_page,
    other_authors=issuers_of,
)
PERIOD_REOPENING = Kind(
    code=REOPENING,
    words="Reopening of a period",
    model=BillingPeriod,
    permission="leads.change_billingperiod",
    written_by=HAD_A_HAND,
    approve=_reopen,
    set_aside=nothing_to_do,
    page=_page,
    other_authors=hands_on,
)
CYCLE_REOPENING = Kind(
    code=MONTH_REOPENING,
    words="Reopening of a month",
    model=BillingCycle,
    permission="invoices.change_billingcycle",
    written_by=frozenset(),
    approve=_reopen_month,
    set_aside=nothing_to_do,
    page=_page,
    other_authors=lockers_of,
)
KINDS = (DRAFT, INVOICE_VOID, PERIOD_REOPENING, CYCLE_REOPENING)
