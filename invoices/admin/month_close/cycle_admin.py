"""The page of each month to close, with its buttons."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.timezone import now
from unfold.enums import ActionVariant

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.dialogs import REQUESTED, Dialog, Done, WithReason, button, person
from invoices.admin.month_close.bridge import bridge
from invoices.admin.month_close.dialogs import (
    TEMPLATE,
    IssueMonthForm,
    OptionalReasonForm,
    has_waiting,
    issue_together,
    may_send_all,
    month_sums,
    send_all_notice,
    sums_to_approve,
    to_approve_in_words,
    waiting_in_words,
    waiting_sums,
)
from invoices.admin.month_close.list import CycleList, month_of
from invoices.admin.month_close.page import cycle_page
from invoices.domain.mail.server import sends_email
from invoices.domain.month_close.approvals import request_month_reopening
from invoices.domain.month_close.bulk_action import start_bulk_action, stop_bulk_action
from invoices.domain.month_close.close_month import (
    bill_cycle,
    check_all_issued,
    check_may_lock,
    check_may_open_again,
    close_cycle,
    has_something_to_bill,
    lock,
    reopen,
)
from invoices.domain.month_close.issue_month import Together, issue_month
from invoices.domain.month_lock import why_month_locked
from invoices.domain.wording import unfinished_in_words
from invoices.models import BillingCycle

State = BillingCycle.State
BulkAction = BillingCycle.BulkAction
DECIDE = "invoices.change_invoice"
CLOSE = "invoices.change_billingcycle"
RUN = "invoices.add_billingrun"
SEND = "invoices.add_invoicemail"


def can_be_billed(cycle: BillingCycle) -> bool:
    """Return whether the month is open and a billing run would have something to bill."""
    return not why_month_locked(cycle) and has_something_to_bill(cycle, at=now())


@admin.register(BillingCycle)
class BillingCycleAdmin(CycleList):
    actions_detail: Any = (
        *("run", "approve_all", "issue_all", "send_all", "stop_bulk_action"),
        *("lock", "reopen", "ask_to_reopen", "close"),
    )

    class Media:
        css = {"all": ["invoices/finance.css", "core/figures.css", "invoices/month_close.css"]}

    def get_urls(self) -> list[URLPattern]:
        counted = path("<int:cycle>/bridge/", self.admin_site.admin_view(self.bridge), name="invoices_cycle_bridge")
        return [counted, *super().get_urls()]

    @needs("invoices.view_billingcycle")
    def bridge(self, request: HttpRequest, cycle: int) -> HttpResponse:
        """Return the table from received to billed, which the month's page loads."""
        return bridge(request, get_object_or_404(BillingCycle, pk=cycle).label)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return cycle_page(self, request, self.visible(request, object_id))

    @button(
        "Start billing run",
        permission=RUN,
        icon="play_arrow",
        variant=ActionVariant.PRIMARY,
        offered=can_be_billed,
        asks=Dialog(
            title=lambda cycle: f"Bill {month_of(cycle)}?",
            says=(
                "Rates and closes each customer's period and drafts its invoice, or says why not. Customers whose period"
                " has not ended yet are listed; they do not delay the others."
            ),
        ),
    )
    def run(self, request: HttpRequest, cycle: BillingCycle, answers: dict[str, Any]) -> Done:
        started = bill_cycle(cycle, by=person(request), at=now())
        if not started.unfinished:
            return Done(f"{month_of(cycle)} is being billed.")
        return Done(f"Ended periods are being billed. Not ended yet: {unfinished_in_words(started.unfinished)}.")

    @button(
        "Approve all",
        permission=DECIDE,
        icon="check",
        variant=ActionVariant.PRIMARY,
        offered=has_waiting(BulkAction.APPROVE),
        asks=Dialog(
            title=lambda cycle: f"Approve {to_approve_in_words(cycle)} of {month_of(cycle)}?",
            says="Confirms that you reviewed them and that they are correct. You can stop it; flagged drafts are skipped.",
            template=TEMPLATE,
            also=sums_to_approve,
        ),
    )
    def approve_all(self, request: HttpRequest, cycle: BillingCycle, answers: dict[str, Any]) -> Done:
        return Done(f"Approving {start_bulk_action(cycle, BulkAction.APPROVE, by=person(request), at=now()):,}.")

    @button(
        "Issue all",
        permission=DECIDE,
        icon="send",
        variant=ActionVariant.PRIMARY,
        offered=has_waiting(BulkAction.ISSUE),
        needs_recent_login=True,
        asks=Dialog(
            title=lambda cycle: f"Issue {waiting_in_words(cycle, BulkAction.ISSUE, 'invoice')} of {month_of(cycle)}?",
            says="Each invoice gets its number and can no longer be changed. You can stop this, but not undo it.",
            form=IssueMonthForm,
            first_for=issue_together,
            template=TEMPLATE,
            also=waiting_sums(BulkAction.ISSUE),
        ),
    )
    def issue_all(self, request: HttpRequest, cycle: BillingCycle, answers: dict[str, Any]) -> Done:
        issued_on, together = answers.pop("issued_on"), Together(**answers)
        count = issue_month(cycle, by=person(request), at=now(), issued_on=issued_on, together=together)
        locked = f"{month_of(cycle)} is locked. " if together.lock else ""
        return Done(f"{locked}Issuing {count:,}{', then sending them' if together.send else ''}.")

    @button(
        "Send all",
        permission=SEND,
        icon="mail",
        variant=ActionVariant.PRIMARY,
        offered=may_send_all,
        asks=Dialog(
            title=lambda cycle: (
                f"Send {waiting_in_words(cycle, BulkAction.SEND, 'invoice')} of {month_of(cycle)} by email?"
            ),
            says=send_all_notice,
            template=TEMPLATE,
            also=waiting_sums(BulkAction.SEND),
        ),
    )
    def send_all(self, request: HttpRequest, cycle: BillingCycle, answers: dict[str, Any]) -> Done:
        count = start_bulk_action(cycle, BulkAction.SEND, by=person(request), at=now())
        if not sends_email():
            return Done(f"Recording {count:,}, not sending: no mail server is configured.", level=messages.WARNING)
        return Done(f"Sending {count:,}.")

    @button(
        "Stop",
        permission=DECIDE,
        icon="stop",
        offered=lambda cycle: bool(cycle.bulk_action),
        asks=Dialog(
            title="Stop the bulk action?", says="It stops after the current invoice. You can start it again later."
        ),
    )
    def stop_bulk_action(self, request: HttpRequest, cycle: BillingCycle, answers: dict[str, Any]) -> Done:
        stop_bulk_action(cycle, by=person(request))
        return Done("Stopped.")

    @button(
        "Lock",
        permission=CLOSE,
        icon="lock",
        offered=lambda cycle: cycle.state == State.OPEN,
        guard=lambda cycle, _by: check_may_lock(cycle, at=now()),
        asks=Dialog(
            title=lambda cycle: f"Lock {month_of(cycle)}?",
            says=(
                "From now on the month takes no new actions, and its drafts cannot be regenerated. Late activity goes to"
                " the next open period. A second person can reopen the month until an invoice is issued."
            ),
            form=OptionalReasonForm,
            template=TEMPLATE,
            also=month_sums,
        ),
    )
    def lock(self, request: HttpRequest, cycle: BillingCycle, answers: dict[str, Any]) -> Done:
        lock(cycle, by=person(request), at=now(), reason=answers["reason"])
        return Done(f"{month_of(cycle)} is locked.")

    @button(
        "Reopen",
        permission=CLOSE,
        icon="lock_open",
        offered=lambda cycle: cycle.state == State.LOCKED,
        guard=check_may_open_again,
        asks=Dialog(
            title=lambda cycle: f"Reopen {month_of(cycle)}?",
            says="Its drafts can be regenerated again. This needs a second person and a reason, and no issued invoice.",
            form=WithReason,
        ),
    )
    def reopen(self, request: HttpRequest, cycle: BillingCycle, answers: dict[str, Any]) -> Done:
        reopen(cycle, by=person(request), at=now(), reason=answers["reason"])
        return Done(f"{month_of(cycle)} is open again.")

    @button(
        "Ask to reopen",
        permission=CLOSE,
        icon="lock_open",
        offered=lambda cycle: cycle.state == State.LOCKED,
        instead_of=check_may_open_again,
        asks=Dialog(
            title=lambda cycle: f"Ask for approval to reopen {month_of(cycle)}?",
            says="You locked it, so another person must approve. Then its drafts can be regenerated again.",
            form=WithReason,
        ),
    )
    def ask_to_reopen(self, request: HttpRequest, cycle: BillingCycle, answers: dict[str, Any]) -> Done:
        request_month_reopening(cycle, by=person(request), at=now(), reason=answers["reason"])
        return Done(REQUESTED)

    @button(
        "Close",
        permission=CLOSE,
        icon="task_alt",
        variant=ActionVariant.PRIMARY,
        offered=lambda cycle: cycle.state == State.LOCKED,
        guard=lambda cycle, _by: check_all_issued(cycle),
        asks=Dialog(
            title=lambda cycle: f"Close {month_of(cycle)}?",
            says="A closed month can never be reopened.",
            form=OptionalReasonForm,
            template=TEMPLATE,
            also=month_sums,
        ),
    )
    def close(self, request: HttpRequest, cycle: BillingCycle, answers: dict[str, Any]) -> Done:
        close_cycle(cycle, by=person(request), at=now(), reason=answers["reason"])
        return Done(f"{month_of(cycle)} is closed.")
