"""Bulk actions: approve, issue or send all invoices of a month; a worker processes one batch at a time.

The action is stored on the month until it is done or stopped.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.passes import PassQueue
from invoices.domain.life.batch import Batch
from invoices.domain.life.issue_date import check_some_date
from invoices.domain.life.transitions import approve_all, issue_all
from invoices.domain.mail.request import send_all_once
from invoices.domain.mail.server import check_server
from invoices.domain.month_history import record_step
from invoices.models import BillingCycle, CycleStep, Invoice, InvoiceMail, SkippedInvoice

BulkAction = BillingCycle.BulkAction
STARTED = {
    BulkAction.APPROVE: Verb("approve_all_started", "Approve all started"),
    BulkAction.ISSUE: Verb("issue_all_started", "Issue all started"),
    BulkAction.SEND: Verb("send_all_started", "Send all started"),
}
BULK_ACTION_STOPPED = Verb("bulk_action_stopped", "Bulk action stopped")
State = Invoice.State
AFRESH = {"trying": 0, "attempts": 0, "one_by_one": 0}  # of the queue

UNSENT = Q(state=State.ISSUED, sent_at=None) & ~Exists(InvoiceMail.objects.waiting().filter(invoice=OuterRef("pk")))
HAS_CONTACTS = Q(bill_to__contacts__0__isnull=False)
FROM = {
    BulkAction.APPROVE: Q(state=State.DRAFT),
    BulkAction.ISSUE: Q(state=State.APPROVED),
    # Includes failed ones; addresses that accepted any earlier email are not sent to again.
    BulkAction.SEND: UNSENT & HAS_CONTACTS,
}


class BulkActionInProgress(Refused):
    """A month can have only one bulk action in progress."""

    code = "bulk_action_in_progress"


class NothingToDo(Refused):
    """No invoice is waiting for the bulk action."""

    code = "nothing_to_do"
    message = "No invoice of this month is waiting for this."


class NoLongerAllowed(Refused):
    """Workers act for a person only while that person is active and still has the permission."""

    code = "no_longer_allowed"


@transaction.atomic
def start_bulk_action(
    cycle: BillingCycle,
    action: BillingCycle.BulkAction,
    *,
    by: User,
    at: datetime,
    issued_on: date | None = None,
    then_send: bool = False,
) -> int:
    """Start a bulk action; return the number of invoices.

    `issued_on` is the date of the invoices to issue; None: the day each is issued. With `then_send`, Send all starts when
    they are issued. Raises NothingToDo, WrongIssueDate if no invoice can have the date, or BulkActionInProgress.
    """
    count = count_waiting(cycle, action)
    if not count:
        raise NothingToDo
    check_some_date(waiting_for(cycle, action), issued_on, at=at)
    if then_send:
        check_server()
        _check_allowed(by, BulkAction.SEND)
    if not BillingCycle.objects.filter(pk=cycle.pk, bulk_action="").update(
        bulk_action=action,
        bulk_action_by=by,
        bulk_issued_on=issued_on,
        bulk_then_send=then_send,
        **AFRESH,
    ):
        cycle.refresh_from_db()
        raise BulkActionInProgress(f"{cycle.get_bulk_action_display()} is in progress. Wait for it, or stop it.")
    _started(cycle, action, count, by=by, at=at, chosen={"invoice_date": issued_on} if issued_on else {})
    return count


def _started(
    cycle: BillingCycle,
    action: BillingCycle.BulkAction,
    count: int,
    *,
    by: User,
    at: datetime,
    chosen: Mapping[str, Any],
) -> None:
    """Record that the action has started, and ask a worker for it."""
    record_step(cycle.label, CycleStep.Kind(action.value), by=by, at=at)
    record(STARTED[action], on=cycle, by=by, after={"invoices": count, **chosen})
    BULK_ACTIONS.ask(item_id=cycle.pk)


@transaction.atomic
def stop_bulk_action(cycle: BillingCycle, *, by: User) -> None:
    """Stop the bulk action after the current batch."""
    found = BillingCycle.objects.select_for_update().get(pk=cycle.pk)
    if not found.bulk_action:
        return
    BillingCycle.objects.filter(pk=cycle.pk).update(bulk_action="", bulk_issued_on=None, bulk_then_send=False)
    record(BULK_ACTION_STOPPED, on=cycle, by=by, before={"bulk_action": found.get_bulk_action_display()})


ACTS: dict[BillingCycle.BulkAction, Callable[..., Batch]] = {
    BulkAction.APPROVE: partial(approve_all, unseen=True),
    BulkAction.ISSUE: issue_all,
    BulkAction.SEND: partial(send_all_once, unsent=True),
}


NEEDS = {
    BulkAction.APPROVE: "invoices.change_invoice",
    BulkAction.ISSUE: "invoices.change_invoice",
    BulkAction.SEND: "invoices.add_invoicemail",
}


def _check_allowed(by: User | None, action: BillingCycle.BulkAction) -> None:
    """Refuse if the person who started the action has lost the right to it since."""
    fresh = User.objects.filter(pk=by.pk).first() if by else None
    if fresh is None or not (fresh.is_active and fresh.has_perm(NEEDS[action])):
        raise NoLongerAllowed(f"{by or 'The person who started this'} may no longer do this.")


class BulkActions(PassQueue[BillingCycle, Invoice]):
    """The queue of months with a bulk action; invoices are processed in the order of their customers' names."""

    task = "invoices.bulk_action"
    batch_size = 50

    def waiting(self) -> QuerySet[BillingCycle]:
        return BillingCycle.objects.exclude(bulk_action="").select_related("bulk_action_by")

    def left_of(self, cycle: BillingCycle) -> QuerySet[Invoice]:
        found = waiting_for(cycle, BulkAction(cycle.bulk_action)).exclude(skips__step=_step_of(cycle))
        return found.select_related("customer").order_by("customer__name", "pk")

    def act(self, cycle: BillingCycle, invoices: Sequence[Invoice], *, at: datetime) -> Mapping[int, Failure]:
        _check_allowed(cycle.bulk_action_by, BulkAction(cycle.bulk_action))
        with transaction.atomic():
            chosen = {"issued_on": cycle.bulk_issued_on} if cycle.bulk_issued_on else {}
            batch = ACTS[BulkAction(cycle.bulk_action)](invoices, by=cycle.bulk_action_by, at=at, **chosen)
        CycleStep.objects.filter(pk=_step_of(cycle).pk).update(done=F("done") + len(batch.passing))
        return {pk: Failure(refusal.code, str(refusal)) for pk, refusal in batch.refused.items()}

    def skip(self, cycle: BillingCycle, invoice: Invoice, failure: Failure, *, at: datetime) -> None:
        """Leave the invoice unchanged and record why, for a person to review."""
        SkippedInvoice.objects.create(
            step=_step_of(cycle),
            invoice=invoice,
            name=f"{invoice}, {invoice.customer}",
            code=failure.code,
            message=failure.words,
        )

    def finish(self, cycle: BillingCycle, *, at: datetime) -> None:
        then_send = cycle.bulk_then_send
        cycle.bulk_action, cycle.bulk_issued_on, cycle.bulk_then_send = "", None, False
        if then_send and (count := count_waiting(cycle, BulkAction.SEND)):
            self._go_on_to_send(cycle, count, at=at)

    @staticmethod
    def _go_on_to_send(cycle: BillingCycle, count: int, *, at: datetime) -> None:
        """Start Send all for the person who asked for it with Issue all; who may no longer send is refused as ever."""
        assert cycle.bulk_action_by is not None  # noqa: S101 -- tells mypy: a bulk action names who started it
        cycle.bulk_action = BulkAction.SEND
        cycle.trying, cycle.attempts, cycle.one_by_one = AFRESH["trying"], AFRESH["attempts"], AFRESH["one_by_one"]
        _started(cycle, BulkAction.SEND, count, by=cycle.bulk_action_by, at=at, chosen={})


BULK_ACTIONS = BulkActions()


def _step_of(cycle: BillingCycle) -> CycleStep:
    return cycle.steps.filter(kind=cycle.bulk_action).latest("pk")


def last_bulk_actions(steps: Iterable[CycleStep]) -> dict[str, CycleStep]:
    """Return the latest of each bulk action among a month's steps, which are in order, by its kind."""
    return {step.kind: step for step in steps if step.kind in ACTS}


def count_waiting(cycle: BillingCycle, action: BillingCycle.BulkAction) -> int:
    """Return how many of the month's invoices are waiting for the bulk action."""
    return waiting_for(cycle, action).count()


def failed_before(cycle: BillingCycle) -> int:
    """Return how many of the invoices that Send all includes failed before."""
    failed = InvoiceMail.objects.needing_attention().filter(invoice=OuterRef("pk"))
    return waiting_for(cycle, BulkAction.SEND).filter(Exists(failed)).count()


def without_contacts(cycle: BillingCycle) -> list[str]:
    """Return the names of customers whose issued invoices cannot be sent because they have no contacts."""
    found = Invoice.objects.filter(UNSENT & ~HAS_CONTACTS, period__label__in=labels_of(cycle.label))
    return list(found.order_by("customer__name").values_list("customer__name", flat=True))


def waiting_for(cycle: BillingCycle, action: BillingCycle.BulkAction) -> QuerySet[Invoice]:
    """Return the month's invoices that are waiting for the bulk action."""
    found = Invoice.objects.filter(FROM[action], period__label__in=labels_of(cycle.label))
    return found.select_related("period")
