"""draft → approved → issued → sent. Voiding and reopening are in `reopen`."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import prefetch_related_objects

from billing_engine.core.approvals.requests import check_not_requested, close_for, requested
from billing_engine.core.deeds.record import changes, deed_of, record, record_all
from billing_engine.core.models import Deed
from billing_engine.core.saving import save_all
from invoices.domain.document.electronic import check_expressible, why_not_expressible
from invoices.domain.document.parties import SELLERS, bill_to, seller_of
from invoices.domain.document.store import ask_for_all
from invoices.domain.document.void_documents import name_replacements
from invoices.domain.life.batch import Batch, State, locked
from invoices.domain.life.credit import check_credit_is_there
from invoices.domain.life.credit_lines import with_credit_lines
from invoices.domain.life.deeds import (
    ADJUSTED_INVOICE,
    INVOICE_APPROVED,
    INVOICE_ISSUED,
    INVOICE_SENT_BACK,
    check_adjuster,
    ever_adjusted,
    total_of,
    touched_by,
)
from invoices.domain.life.issue_date import check_issue_date, hold_month
from invoices.domain.life.late_voids import LateVoids, check_late_voids, late_voids_in
from invoices.domain.life.numbers import give_numbers, prefix_of
from invoices.domain.life.review_flags import check_not_flagged, flags_of
from invoices.domain.lines.books import books
from invoices.models import Invoice
from leads.domain.number_prefixes import claim

ISSUE = (
    *("state", "issued_by", "issued_at", "issued_on", "due_on", "seller", "bill_to"),
    *("series", "serial", "number"),
)
APPROVAL = ("state", "approved_by", "approved_at", "approved_over", "approved_over_reason")


def approve(invoice: Invoice, *, by: User, at: datetime, reason: str = "") -> Invoice:
    """Approve a draft; no one who worked on it can if it was adjusted by more than the company's threshold.

    If actions on it were voided after it was drafted, a reason is required; raises ActionsVoided without one.
    """
    return approve_all([invoice], by=by, at=at, reason=reason).only()


@transaction.atomic
def approve_all(
    invoices: Sequence[Invoice], *, by: User, at: datetime, reason: str = "", unseen: bool = False
) -> Batch:
    """Approve drafts, each by its own rules; `unseen` by a person, a draft with flags is refused."""
    batch = Batch(invoices, State.DRAFT)
    guarded = _guarded(batch.passing)
    batch.check(lambda invoice: check_may_approve(invoice, by) if invoice.pk in guarded else None)
    if unseen:
        flags = flags_of(batch.passing)
        batch.check(lambda invoice: check_not_flagged(flags[invoice.pk]))
    late = late_voids_in(batch.periods)
    if not reason.strip():
        batch.check(lambda invoice: check_late_voids(invoice, late.get(invoice.period_id)))
    for invoice in batch.passing:
        invoice.approved_over = late.get(invoice.period_id, LateVoids()).actions
        invoice.approved_over_reason = reason.strip() if invoice.approved_over else ""
        invoice.state, invoice.approved_by, invoice.approved_at = State.APPROVED, by, at
    save_all(batch.passing, APPROVAL)
    record_all([_approved(invoice, by=by, reason=reason) for invoice in batch.passing])
    close_for(*batch.passing, by=by, at=at)
    return batch


def _approved(invoice: Invoice, *, by: User, reason: str) -> Deed:
    after = {"state": State.APPROVED, "voided_actions_approved": invoice.approved_over or None}
    before, after = changes({"state": State.DRAFT, "voided_actions_approved": None}, after)
    also = touched_by(invoice)
    return deed_of(INVOICE_APPROVED, on=invoice, by=by, reason=reason, before=before, after=after, also=also)


def _guarded(drafts: Sequence[Invoice]) -> set[int]:
    """Return the ids of the drafts that not everyone may approve, so that only they are asked about one by one."""
    return ever_adjusted(drafts) | requested(drafts, ADJUSTED_INVOICE) | with_credit_lines(drafts)


def check_may_approve(invoice: Invoice, by: User) -> None:
    """Refuse a person who worked on the adjusted draft, or one that it replaced, and everyone while a request waits."""
    check_not_requested(invoice, ADJUSTED_INVOICE)
    check_adjuster(invoice, by)
    books().check_credit_lines(invoice, by)


@transaction.atomic
def send_back(invoice: Invoice, *, by: User, reason: str = "") -> Invoice:
    """Return an approved invoice to draft; the deed says who had approved it, who sends it back, and why."""
    invoice = locked(invoice, State.APPROVED)
    assert invoice.approved_by is not None  # noqa: S101 -- tells mypy: an approved invoice has both
    assert invoice.approved_at is not None  # noqa: S101 -- as above
    approver = invoice.approved_by
    before = {
        "state": State.APPROVED,
        "approved_by": approver.get_full_name() or approver.get_username(),
        "approved_at": invoice.approved_at,
        "approval_reason": invoice.approved_over_reason,
    }
    also = [*touched_by(invoice), approver]
    after = {"state": State.DRAFT}
    record(INVOICE_SENT_BACK, on=invoice, by=by, reason=reason, before=before, after=after, also=also)
    return to_draft(invoice)


def to_draft(invoice: Invoice) -> Invoice:
    """Remove the approval from a locked invoice."""
    invoice.state, invoice.approved_by, invoice.approved_at = State.DRAFT, None, None
    invoice.approved_over, invoice.approved_over_reason = 0, ""
    invoice.save(update_fields=APPROVAL)
    return invoice


def issue(invoice: Invoice, *, by: User, at: datetime, issued_on: date | None = None) -> Invoice:
    """Give the invoice its number and freeze it; its PDF is rendered after the commit.

    `issued_on` is its date, and its day in the books; None: today. From then on the database refuses every change.
    Raises WrongIssueDate, NotExpressible, or ActionsVoided if actions were voided after the approval.
    """
    return issue_all([invoice], by=by, at=at, issued_on=issued_on).only()


@transaction.atomic
def issue_all(invoices: Sequence[Invoice], *, by: User, at: datetime, issued_on: date | None = None) -> Batch:
    """Issue approved invoices, each by its own rules, and number them in this order."""
    month = hold_month(issued_on)
    batch, claimed = Batch(invoices, State.APPROVED), cache(claim)
    batch.check(lambda invoice: check_issue_date(invoice, issued_on, month, at=at))
    prefetch_related_objects(batch.passing, SELLERS)
    late = late_voids_in(batch.periods)
    batch.check(lambda invoice: check_late_voids(invoice, late.get(invoice.period_id), known=invoice.approved_over))
    windows = books().dispute_windows()
    for invoice in batch.passing:
        day = issued_on or invoice.period.customer.day_of(at)
        invoice.state, invoice.issued_by, invoice.issued_at = State.ISSUED, by, at
        _freeze(invoice, day, windows)
    batch.check(lambda invoice: claimed(prefix_of(invoice), seller=invoice.period.customer_terms.seller))
    why = why_not_expressible(batch.passing)
    batch.check(lambda invoice: check_expressible(why.get(invoice.pk)))
    check_credit_is_there(batch)
    ask_for_all(batch.passing, at=at)
    # Last, so that the series are locked only for one write; a rollback returns the numbers.
    give_numbers(batch.passing)
    save_all(batch.passing, ISSUE)
    books().issued(batch.passing, at=at)
    name_replacements(batch.passing, at=at)
    record_all([_issued(invoice, by=by) for invoice in batch.passing])
    return batch


def _freeze(invoice: Invoice, day: date, windows: Sequence[Mapping[str, Any]]) -> None:
    """Set all that an issued invoice keeps, except its number."""
    invoice.issued_on = day
    invoice.due_on = day + timedelta(days=invoice.period.customer_terms.payment_terms_days)
    invoice.seller, invoice.bill_to = seller_of(invoice, on=day), bill_to(invoice, on=day, windows=windows)


def _issued(invoice: Invoice, *, by: User) -> Deed:
    after = {name: getattr(invoice, name) for name in ("state", "number", "issued_on", "due_on")}
    after["total"] = total_of(invoice)
    before, also = {"state": State.APPROVED}, touched_by(invoice)
    return deed_of(INVOICE_ISSUED, on=invoice, by=by, before=before, after=after, also=also)
