"""draft → approved → issued → sent. Voiding and reopening are in `reopen`."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.approvals.requests import check_not_requested, close_for
from billing_engine.core.deeds.record import changes, record
from billing_engine.core.errors import Refused
from invoices.domain.document.parties import SELLERS, bill_to, seller_of
from invoices.domain.document.store import ask_for
from invoices.domain.document.void_documents import name_the_replacement
from invoices.domain.life.deeds import (
    ADJUSTED_INVOICE,
    INVOICE_APPROVED,
    INVOICE_ISSUED,
    INVOICE_SENT_BACK,
    check_adjuster,
    total_of,
    touched_by,
)
from invoices.domain.life.late_voids import check_late_voids, late_voids_of
from invoices.domain.life.numbers import next_number
from invoices.models import Invoice

State = Invoice.State
ISSUE = (
    *("state", "issued_by", "issued_at", "issued_on", "due_on", "seller", "bill_to"),
    *("series", "serial", "number"),
)
APPROVAL = ("state", "approved_by", "approved_at", "approved_over", "approved_over_reason")


class WrongState(Refused):
    """A step needs an invoice in the right state."""

    code = "wrong_state"


@transaction.atomic
def approve(invoice: Invoice, *, by: User, at: datetime, reason: str = "") -> Invoice:
    """Approve a draft; no one who worked on it can if it was adjusted by more than the company's threshold.

    If actions on it were voided after it was drafted, a reason is required; raises ActionsVoided without one.
    """
    invoice = locked(invoice, State.DRAFT)
    check_may_approve(invoice, by)
    invoice.approved_over = late_voids_of(invoice).actions if reason.strip() else check_late_voids(invoice)
    invoice.approved_over_reason = reason.strip() if invoice.approved_over else ""
    invoice.state, invoice.approved_by, invoice.approved_at = State.APPROVED, by, at
    invoice.save(update_fields=APPROVAL)
    after = {"state": State.APPROVED, "voided_actions_approved": invoice.approved_over or None}
    before = {"state": State.DRAFT, "voided_actions_approved": None}
    before, after = changes(before, after)
    record(INVOICE_APPROVED, on=invoice, by=by, reason=reason, before=before, after=after, also=touched_by(invoice))
    close_for(invoice, by=by, at=at)
    return invoice


def check_may_approve(invoice: Invoice, by: User) -> None:
    """Refuse a person who worked on the adjusted draft, or one that it replaced, and everyone while a request waits."""
    check_not_requested(invoice, ADJUSTED_INVOICE)
    check_adjuster(invoice, by)


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


@transaction.atomic
def issue(invoice: Invoice, *, by: User, at: datetime) -> Invoice:
    """Give the invoice its number and freeze it; its PDF is rendered after the commit.

    From then on the database refuses every change. Raises ActionsVoided if actions were voided after the approval.
    """
    invoice = locked(invoice, State.APPROVED)
    check_late_voids(invoice, known=invoice.approved_over)
    period = invoice.period
    invoice.state, invoice.issued_by, invoice.issued_at = State.ISSUED, by, at
    invoice.issued_on = day = period.customer.day_of(at)
    invoice.due_on = day + timedelta(days=period.customer_terms.payment_terms_days)
    invoice.seller, invoice.bill_to = seller_of(invoice, on=day), bill_to(invoice, on=day)
    ask_for(invoice, at=at)
    # Last, so that the series is locked only for one write; a rollback returns the number.
    numbered = next_number(period.customer_terms.seller, invoice.seller, year=day.year)
    invoice.series_id, invoice.serial, invoice.number = numbered
    invoice.save(update_fields=ISSUE)
    name_the_replacement(invoice, at=at)
    after = {name: getattr(invoice, name) for name in ("state", "number", "issued_on", "due_on")}
    after["total"] = total_of(invoice)
    record(INVOICE_ISSUED, on=invoice, by=by, before={"state": State.APPROVED}, after=after, also=touched_by(invoice))
    return invoice


def locked(invoice: Invoice, *states: Invoice.State) -> Invoice:
    """Lock and reload the invoice; raise WrongState unless it is in one of the states."""
    found = (
        Invoice.objects.select_for_update(of=("self",))
        .select_related("period__customer")
        .prefetch_related(SELLERS)
        .filter(pk=invoice.pk)
        .first()
    )
    if found is None or found.state not in states:
        is_now = "deleted" if found is None else found.get_state_display().lower()
        raise WrongState(f"This invoice is {is_now}, not {' or '.join(state.label.lower() for state in states)}.")
    return found
