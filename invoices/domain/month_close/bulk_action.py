"""Bulk actions: what finance decides for all invoices of a month at once, and the workers do one invoice after the other.

The action stands on the month until it is done or stopped.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.errors import Refused
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.passes import PassQueue
from invoices.domain.life.review_flags import flags_of
from invoices.domain.life.transitions import approve, issue, locked
from invoices.domain.mail.request import SentAlready, send_once
from invoices.domain.month_history import note
from invoices.models import BillingCycle, CycleStep, Invoice, InvoiceMail, SkippedInvoice

BulkAction = BillingCycle.BulkAction
State = Invoice.State

UNSENT = Q(state=State.ISSUED, sent_at=None) & ~Exists(InvoiceMail.objects.waiting().filter(invoice=OuterRef("pk")))
HAS_CONTACTS = Q(bill_to__contacts__0__isnull=False)
FROM = {
    BulkAction.APPROVE: Q(state=State.DRAFT),
    BulkAction.ISSUE: Q(state=State.APPROVED),
    # Also what failed: what a server took, of whatever mail, is not sent again.
    BulkAction.SEND: UNSENT & HAS_CONTACTS,
}


class BulkActionInProgress(Refused):
    """One bulk action of a month at a time."""

    code = "bulk_action_in_progress"


class NothingToDo(Refused):
    """No invoice waits for it."""

    code = "nothing_to_do"
    message = "No invoice of this month waits for that."


class DraftIsFlagged(Refused):
    """A flagged draft is reviewed by itself."""

    code = "draft_is_flagged"


@transaction.atomic
def begin(cycle: BillingCycle, action: BillingCycle.BulkAction, *, by: User, at: datetime) -> int:
    """Let the workers do it; answers for how many invoices. Raises NothingToDo or BulkActionInProgress."""
    count = waiting_for(cycle, action)
    if not count:
        raise NothingToDo
    if not BillingCycle.objects.filter(pk=cycle.pk, bulk_action="").update(
        bulk_action=action, bulk_action_by=by, trying=0, attempts=0
    ):
        cycle.refresh_from_db()
        raise BulkActionInProgress(f"{cycle.get_bulk_action_display()} is in progress: wait for it, or stop it.")
    note(cycle.label, CycleStep.Kind(action.value), by=by, at=at)
    BULK_ACTIONS.ask(item_id=cycle.pk)
    return count


def stop(cycle: BillingCycle) -> None:
    """What is done stays done; the invoice in hand is finished."""
    BillingCycle.objects.filter(pk=cycle.pk).update(bulk_action="")


def _approve_unseen(invoice: Invoice, *, by: User, at: datetime) -> Invoice:
    """Approve a draft among many: not one that is flagged; the flags are read under its lock."""
    invoice = locked(invoice, State.DRAFT)
    stops = [flag.words for flag in flags_of([invoice]).get(invoice.pk, []) if flag.stops]
    if stops:
        raise DraftIsFlagged(f"Look at it first: {'; '.join(stops)}.")
    return approve(invoice, by=by, at=at)


def _send_unsent(invoice: Invoice, *, by: User, at: datetime) -> InvoiceMail:
    """Send an invoice among many: not where some of its contacts got it meanwhile."""
    invoice = locked(invoice, State.ISSUED)
    if invoice.sent_at:
        raise SentAlready
    return send_once(invoice, by=by, at=at)


ACTS: dict[BillingCycle.BulkAction, Callable[..., object]] = {
    BulkAction.APPROVE: _approve_unseen,
    BulkAction.ISSUE: issue,
    BulkAction.SEND: _send_unsent,
}


class BulkActions(PassQueue[BillingCycle, Invoice]):
    """Months whose invoices are approved, issued or sent in the order of their customers' names."""

    task = "invoices.bulk_action"

    def waiting(self) -> QuerySet[BillingCycle]:
        return BillingCycle.objects.exclude(bulk_action="").select_related("bulk_action_by")

    def next_of(self, cycle: BillingCycle) -> Invoice | None:
        found = _waiting(cycle, BulkAction(cycle.bulk_action)).exclude(skips__step=_step_of(cycle))
        return found.select_related("customer").order_by("customer__name", "pk").first()

    def act(self, cycle: BillingCycle, invoice: Invoice, *, at: datetime) -> None:
        with transaction.atomic():
            ACTS[BulkAction(cycle.bulk_action)](invoice, by=cycle.bulk_action_by, at=at)
        CycleStep.objects.filter(pk=_step_of(cycle).pk).update(done=F("done") + 1)

    def skip(self, cycle: BillingCycle, invoice: Invoice, failure: Failure, *, at: datetime) -> None:
        """It stays as it is, and why is written down for a person to look at."""
        SkippedInvoice.objects.create(
            step=_step_of(cycle),
            invoice=invoice,
            name=f"{invoice}, {invoice.customer}",
            code=failure.code,
            words=failure.words,
        )

    def finish(self, cycle: BillingCycle, *, at: datetime) -> None:
        cycle.bulk_action = ""


BULK_ACTIONS = BulkActions()


def do_next(cycle_id: int, *, at: datetime) -> bool:
    """Do it for the next invoice; returns whether there may be more."""
    return BULK_ACTIONS.work(cycle_id, at=at)


def _step_of(cycle: BillingCycle) -> CycleStep:
    return cycle.steps.filter(kind=cycle.bulk_action).latest("pk")


def last_act(steps: Iterable[CycleStep]) -> CycleStep | None:
    """The latest bulk action among a month's steps, which are in order; what it skipped is shown until the next."""
    return next((step for step in reversed(list(steps)) if step.kind in ACTS), None)


def waiting_for(cycle: BillingCycle, action: BillingCycle.BulkAction) -> int:
    """How many of its invoices wait for it."""
    return _waiting(cycle, action).count()


def tried_before(cycle: BillingCycle) -> int:
    """How many of those that Send all takes went to nobody before."""
    failed = InvoiceMail.objects.a_persons_turn().filter(invoice=OuterRef("pk"))
    return _waiting(cycle, BulkAction.SEND).filter(Exists(failed)).count()


def without_contacts(cycle: BillingCycle) -> list[str]:
    """The customers of its issued invoices that nobody can be written to about, by name."""
    found = Invoice.objects.filter(UNSENT & ~HAS_CONTACTS, period__label__in=labels_of(cycle.label))
    return list(found.order_by("customer__name").values_list("customer__name", flat=True))


def _waiting(cycle: BillingCycle, action: BillingCycle.BulkAction) -> QuerySet[Invoice]:
    found = Invoice.objects.filter(FROM[action], period__label__in=labels_of(cycle.label))
    return found.select_related("period")
