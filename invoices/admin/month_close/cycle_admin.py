"""The months that finance closes, and the page of each."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.cells import Colour, chip
from billing_engine.core.admin_kit.dialogs import Dialog, Done, WithReason, button, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.counts import names_in_words
from billing_engine.core.errors import Refused
from invoices.admin.month_close.bridge import bridge
from invoices.admin.month_close.form import MayNeedAReason
from invoices.admin.month_close.page import cycle_page
from invoices.domain.mail.server import check_server, is_a_server, server
from invoices.domain.month_close.bulk_action import begin, stop, tried_before, waiting_for, without_contacts
from invoices.domain.month_close.close_month import (
    bill_cycle,
    check_all_issued,
    check_may_open_again,
    check_over,
    close_cycle,
    has_something_to_bill,
    know_cycles,
    lock,
    reopen,
)
from invoices.domain.month_lock import why_month_locked
from invoices.domain.wording import month_in_words, unfinished_in_words
from invoices.models import BillingCycle

State = BillingCycle.State
Errand = BillingCycle.Errand
DECIDE = "invoices.change_invoice"
CLOSE = "invoices.change_billingcycle"
RUN = "invoices.add_billingrun"
SEND = "invoices.add_invoicemail"
COLOURS: dict[str, Colour] = {State.OPEN: "blue", State.LOCKED: "orange", State.CLOSED: "green"}


def month_of(cycle: BillingCycle) -> str:
    """`October 2026`."""
    return month_in_words(cycle.label)


def is_to_be_billed(cycle: BillingCycle) -> bool:
    """Whether a billing run would find something to do, and may."""
    return not why_month_locked(cycle) and has_something_to_bill(cycle, at=now())


def many(cycle: BillingCycle, errand: BillingCycle.Errand, what: str) -> str:
    """`1 draft`, `1,234 invoices`: those that wait for the errand."""
    count = waiting_for(cycle, errand)
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def waits_for(errand: BillingCycle.Errand) -> Any:
    """Whether the errand has something to do, and none is in progress."""
    return lambda cycle: not cycle.errand and waiting_for(cycle, errand) > 0


def may_send_all(cycle: BillingCycle) -> bool:
    """Whether something waits, and a server takes it; without one on a desk it is written down."""
    try:
        check_server()
    except Refused:
        return False
    return bool(waits_for(Errand.SEND)(cycle))


def told_before_sending(cycle: BillingCycle) -> str:
    """To whom, what failed before, and who is left out."""
    failed = tried_before(cycle)
    again = f" {failed:,} of them could not be sent before." if failed else ""
    nobody = without_contacts(cycle)
    left_out = f" Left out, for want of billing contacts: {names_in_words(nobody)}." if nobody else ""
    way = "" if is_a_server() else f" Nobody gets them: this server only writes mails down ({server()})."
    return f"All that is issued and not sent goes to its billing contacts, by its template, with the PDF.{again}{left_out}{way}"


@admin.register(BillingCycle)
class BillingCycleAdmin(ReadOnlyPage[BillingCycle]):
    list_display = ("shown_month", "state_chip")
    list_display_links = ("shown_month",)
    search_fields = ("label__startswith",)
    search_help_text = "Month, such as 2026-10"
    ordering = ("-label",)
    actions_detail: Any = ("run", "approve_all", "issue_all", "send_all", "stop_errand", "lock", "reopen", "close")

    class Media:
        css = {"all": ["invoices/finance.css", "core/figures.css", "invoices/month_close.css"]}

    @admin.display(description="month", ordering="label")
    def shown_month(self, cycle: BillingCycle) -> str:
        return month_of(cycle)

    @admin.display(description="state", ordering="state")
    def state_chip(self, cycle: BillingCycle) -> SafeString:
        return chip(cycle.get_state_display(), COLOURS[cycle.state])

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        know_cycles()
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response

    def get_urls(self) -> list[URLPattern]:
        counted = path("<int:cycle>/bridge/", self.admin_site.admin_view(self.bridge), name="invoices_cycle_bridge")
        return [counted, *super().get_urls()]

    def bridge(self, request: HttpRequest, cycle: int) -> HttpResponse:
        """What lies between received and billed: the month's page asks for it."""
        found = get_object_or_404(BillingCycle, pk=cycle)
        if not self.has_view_permission(request, found):
            raise PermissionDenied
        return bridge(request, found.label)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        cycle: BillingCycle | None = self.get_object(request, object_id)
        if cycle is None:
            raise Http404
        if not self.has_view_permission(request, cycle):
            raise PermissionDenied
        return cycle_page(self, request, cycle)

    @button(
        "Start billing run",
        permission=RUN,
        icon="play_arrow",
        variant=ActionVariant.PRIMARY,
        offered=is_to_be_billed,
        asks=Dialog(
            title=lambda cycle: f"Bill {month_of(cycle)}?",
            says=(
                "Each customer by itself: its period is rated, closed and drafted, or it says why not. Who is not over yet"
                " is named, and keeps nobody waiting."
            ),
        ),
    )
    def run(self, request: HttpRequest, cycle: BillingCycle, answers: dict[str, Any]) -> Done:
        begun = bill_cycle(cycle, by=person(request), at=now())
        if not begun.unfinished:
            return Done(f"{month_of(cycle)} is being billed.")
        return Done(f"What is over is being billed. Not over yet: {unfinished_in_words(begun.unfinished)}.")

    @button(
        "Approve all",
        permission=DECIDE,
        icon="check",
        variant=ActionVariant.PRIMARY,
        offered=waits_for(Errand.APPROVE),
        asks=Dialog(
            title=lambda cycle: f"Approve {many(cycle, Errand.APPROVE, 'draft')} of {month_of(cycle)}?",
            says="You looked at them and stand for them. The workers do it, one after the other; it can be stopped.",
        ),
    )
    def approve_all(self, request: HttpRequest, cycle: BillingCycle, answers: dict[str, Any]) -> Done:
        return Done(f"Approving {begin(cycle, Errand.APPROVE, by=person(request), at=now()):,}.")

    @button(
        "Issue all",
        permission=DECIDE,
        icon="send",
        variant=ActionVariant.PRIMARY,
        offered=waits_for(Errand.ISSUE),
        asks=Dialog(
            title=lambda cycle: f"Issue {many(cycle, Errand.ISSUE, 'invoice')} of {month_of(cycle)}?",
            says="Each gets its number, and from then on nobody can change it. It can be stopped, not undone.",
        ),
    )
    def issue_all(self, request: HttpRequest, cycle: BillingCycle, answers: dict[str, Any]) -> Done:
        return Done(f"Issuing {begin(cycle, Errand.ISSUE, by=person(request), at=now()):,}.")

    @button(
        "Send all",
        permission=SEND,
        icon="mail",
        variant=ActionVariant.PRIMARY,
        offered=may_send_all,
        asks=Dialog(
            title=lambda cycle: f"Send {many(cycle, Errand.SEND, 'invoice')} of {month_of(cycle)} by e-mail?",
            says=told_before_sending,
        ),
    )
    def send_all(self, request: HttpRequest, cycle: BillingCycle, answers: dict[str, Any]) -> Done:
        count = begin(cycle, Errand.SEND, by=person(request), at=now())
        if not is_a_server():
            return Done(f"Writing down {count:,}: this server sends no mail.", level=messages.WARNING)
        return Done(f"Sending {count:,}.")

    @button(
        "Stop",
        permission=DECIDE,
        icon="stop",
        offered=lambda cycle: bool(cycle.errand),
        asks=Dialog(title="Stop?", says="What is done stays done; the rest waits until somebody begins again."),
    )
    def stop_errand(self, request: HttpRequest, cycle: BillingCycle, answers: dict[str, Any]) -> Done:
        stop(cycle)
        return Done("Stopped.")

    @button(
        "Lock",
        permission=CLOSE,
        icon="lock",
        offered=lambda cycle: cycle.state == State.OPEN,
        guard=lambda cycle, _by: check_over(cycle, at=now()),
        asks=Dialog(
            title=lambda cycle: f"Lock {month_of(cycle)}?",
            says=(
                "From here on nothing joins the month, and none of its drafts is made anew; what arrives late goes to the"
                " next open period. A second person may open it again, while nothing is issued."
            ),
            form=MayNeedAReason,
        ),
    )
    def lock(self, request: HttpRequest, cycle: BillingCycle, answers: dict[str, Any]) -> Done:
        lock(cycle, by=person(request), at=now(), reason=answers["reason"])
        return Done(f"{month_of(cycle)} is locked.")

    @button(
        "Open again",
        permission=CLOSE,
        icon="lock_open",
        offered=lambda cycle: cycle.state == State.LOCKED,
        guard=check_may_open_again,
        asks=Dialog(
            title=lambda cycle: f"Open {month_of(cycle)} again?",
            says="Its drafts can then be made anew. Only a second person can, with a reason, and while nothing is issued.",
            form=WithReason,
        ),
    )
    def reopen(self, request: HttpRequest, cycle: BillingCycle, answers: dict[str, Any]) -> Done:
        reopen(cycle, by=person(request), at=now(), reason=answers["reason"])
        return Done(f"{month_of(cycle)} is open again.")

    @button(
        "Close",
        permission=CLOSE,
        icon="task_alt",
        variant=ActionVariant.PRIMARY,
        offered=lambda cycle: cycle.state == State.LOCKED,
        guard=lambda cycle, _by: check_all_issued(cycle),
        asks=Dialog(
            title=lambda cycle: f"Close {month_of(cycle)}?",
            says="For good: everything of it is issued, and nothing of it is ever opened again.",
            form=MayNeedAReason,
        ),
    )
    def close(self, request: HttpRequest, cycle: BillingCycle, answers: dict[str, Any]) -> Done:
        close_cycle(cycle, by=person(request), at=now(), reason=answers["reason"])
        return Done(f"{month_of(cycle)} is closed.")
