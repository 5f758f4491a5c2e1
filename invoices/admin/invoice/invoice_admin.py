"""The list of invoices, and the page of each invoice with its buttons."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from unfold.enums import ActionVariant

from billing_engine.core import money
from billing_engine.core.access.recent_login import need_recent_login
from billing_engine.core.admin_kit.bulk import for_each
from billing_engine.core.admin_kit.cells import list_of, page_of
from billing_engine.core.admin_kit.dialogs import REQUESTED, Dialog, Done, WithReason, button, person
from billing_engine.core.models.deed import DeedQuerySet
from invoices.admin.invoice.billing_again import BILL_AGAIN, bill_again_and_open
from invoices.admin.invoice.dialogs import (
    AdjustmentForm,
    IssueForm,
    OptionalReasonForm,
    WithdrawalForm,
    adjustments_of,
    has_adjustments,
    void_notice,
)
from invoices.admin.invoice.documents import DocumentButtons
from invoices.admin.invoice.list import InvoiceList
from invoices.admin.invoice.page import invoice_page
from invoices.admin.invoice.sending import SendButton
from invoices.domain.life.adjustments import adjust, withdraw
from invoices.domain.life.deeds import deeds_of
from invoices.domain.life.reopen import (
    check_may_reopen,
    check_may_void,
    may_bill_again,
    may_reopen,
    regenerate,
    reopen,
    void,
)
from invoices.domain.life.transitions import approve, check_may_approve, issue, send_back
from invoices.domain.month_close.approvals import request_approval, request_reopening, request_void
from invoices.domain.month_lock import why_locked, why_not_regenerated
from invoices.models import Invoice

State = Invoice.State
DECIDE = "invoices.change_invoice"
REOPEN = "leads.change_billingperiod"
RUN = "invoices.add_billingrun"


def is_in(*states: Invoice.State) -> Callable[[Invoice], bool]:
    """Return a check whether an invoice is in one of the states."""
    return lambda invoice: invoice.state in states


def customer_and_total(invoice: Invoice) -> str:
    """Return the invoice's customer and total, for dialogs and messages."""
    return f"{invoice.customer}, {money.in_words(invoice.total, invoice.currency)}"


@admin.register(Invoice)
class InvoiceAdmin(DocumentButtons, SendButton, InvoiceList):
    actions = ("approve_chosen", "issue_chosen", "send_chosen")
    actions_detail: Any = (
        *("approve", "ask_to_approve", "issue", "send", "send_back", "adjust", "withdraw", "regenerate"),
        *("reopen", "ask_to_reopen", "void", "ask_to_void", "bill_again"),
        *("make_pdf_again", "preview_pdf", "download_pdf", "download_void_pdf", "download_proof"),
    )

    class Media:
        css = {"all": ["invoices/finance.css", "invoices/detail.css"]}

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Return whether the user can approve and issue invoices."""
        return request.user.has_perm(DECIDE)

    @admin.action(description="Approve", permissions=["decide"])
    def approve_chosen(self, request: HttpRequest, rows: QuerySet[Invoice]) -> None:
        for_each(request, rows, lambda invoice: approve(invoice, by=person(request), at=now()), done="Approved")

    @admin.action(description="Issue", permissions=["decide"])
    def issue_chosen(self, request: HttpRequest, rows: QuerySet[Invoice]) -> None:
        need_recent_login(request, back=request.get_full_path())
        in_order = rows.order_by("customer__name", "pk")  # so that numbers follow the customers' names
        for_each(request, in_order, lambda invoice: issue(invoice, by=person(request), at=now()), done="Issued")

    # --- The page -------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return invoice_page(self, request, self.visible(request, object_id))

    def deeds_on(self, row: Invoice) -> DeedQuerySet:
        """Those on the invoice; of a draft also those on the drafts that it replaced."""
        return deeds_of(row)

    @button(
        "Approve",
        permission=DECIDE,
        icon="check",
        variant=ActionVariant.PRIMARY,
        offered=is_in(State.DRAFT),
        guard=check_may_approve,
        asks=Dialog(
            title=lambda invoice: f"Approve {customer_and_total(invoice)}?",
            says="Confirms that you reviewed the draft and that it is correct.",
            form=OptionalReasonForm,
        ),
    )
    def approve(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        approve(invoice, by=person(request), at=now(), reason=answers["reason"])
        return Done("Approved. It can be issued now.")

    @button(
        "Ask for approval",
        permission=DECIDE,
        icon="how_to_reg",
        variant=ActionVariant.PRIMARY,
        offered=is_in(State.DRAFT),
        instead_of=check_may_approve,
        asks=Dialog(
            title=lambda invoice: f"Ask for approval of {customer_and_total(invoice)}?",
            says="A person who did not work on this invoice sees its adjustments, and approves it or sends it back. "
            "If the draft changes, you have to ask again.",
            form=WithReason,
        ),
    )
    def ask_to_approve(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        request_approval(invoice, by=person(request), at=now(), reason=answers["reason"])
        return Done(REQUESTED)

    @button(
        "Issue",
        permission=DECIDE,
        icon="send",
        variant=ActionVariant.PRIMARY,
        offered=is_in(State.APPROVED),
        needs_recent_login=True,
        asks=Dialog(
            title=lambda invoice: f"Issue {customer_and_total(invoice)}?",
            says="The invoice gets its number and can no longer be changed.",
            form=IssueForm,
        ),
    )
    def issue(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        return Done(f"Issued as {issue(invoice, by=person(request), at=now(), **answers).number}.")

    @button(
        "Send back",
        permission=DECIDE,
        icon="undo",
        offered=is_in(State.APPROVED),
        asks=Dialog(
            title="Send this invoice back to draft?",
            says="It must be approved again before it can be issued.",
            form=WithReason,
        ),
    )
    def send_back(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        send_back(invoice, by=person(request), reason=answers["reason"])
        return Done("Sent back to draft.")

    @button(
        "Adjust",
        permission=DECIDE,
        icon="edit",
        offered=lambda invoice: invoice.state == State.DRAFT and not why_locked(invoice.period.label),
        asks=Dialog(
            title=lambda invoice: f"Adjust the draft for {customer_and_total(invoice)}",
            says="Adds a line to the invoice. Another person must then approve it.",
            form=AdjustmentForm,
        ),
    )
    def adjust(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        adjust(invoice, **answers, by=person(request), at=now())
        return Done("AdjustmentLine.")

    @button(
        "Withdraw adjustment",
        permission=DECIDE,
        icon="backspace",
        offered=has_adjustments,
        asks=Dialog(title="Withdraw an adjustment?", form=WithdrawalForm, first=adjustments_of),
    )
    def withdraw(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        withdraw(invoice.lines.get(pk=answers["line"]), by=person(request))
        return Done("Adjustment withdrawn.")

    @button(
        "Regenerate",
        permission=DECIDE,
        icon="refresh",
        offered=lambda invoice: invoice.state == State.DRAFT and not why_not_regenerated(invoice.period),
        asks=Dialog(
            title=lambda invoice: f"Regenerate the draft for {invoice.customer}?",
            says="Its billing period is rated again with the current data and rules, including late deliveries for the "
            "month. Adjustments are kept.",
        ),
    )
    def regenerate(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        fresh = regenerate(invoice, by=person(request), at=now())
        if fresh is None:
            return Done("Nothing is left to bill.", address=list_of("invoices.invoice"))
        return Done(
            f"Regenerated: {money.in_words(invoice.total, invoice.currency)} before, "
            f"{money.in_words(fresh.total, fresh.currency)} now.",
            address=page_of("invoices.invoice", fresh.pk),
        )

    @button(
        "Reopen period",
        permission=REOPEN,
        icon="lock_open",
        offered=lambda invoice: invoice.state in (State.DRAFT, State.APPROVED) and may_reopen(invoice.period),
        guard=lambda invoice, by: check_may_reopen(invoice.period, by),
        asks=Dialog(
            title=lambda invoice: f"Delete this draft and reopen {invoice.period}?",
            says="The billing period is rated again, and the next billing run drafts a new invoice. The draft's "
            "adjustments are deleted. Only a person who did not work on the invoice can do this.",
            form=WithReason,
            is_dangerous=True,
        ),
    )
    def reopen(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        period = reopen(invoice.period, reason=answers["reason"], by=person(request), at=now())
        return Done(f"Draft deleted. {period} is open again.", address=list_of("invoices.invoice"))

    @button(
        "Ask to reopen period",
        permission=REOPEN,
        icon="lock_open",
        offered=lambda invoice: invoice.state in (State.DRAFT, State.APPROVED) and may_reopen(invoice.period),
        instead_of=lambda invoice, by: check_may_reopen(invoice.period, by),
        asks=Dialog(
            title=lambda invoice: f"Ask for approval to reopen {invoice.period}?",
            says="When a person who did not work on the invoice approves, the draft and its adjustments are deleted, and "
            "the billing period is rated again.",
            form=WithReason,
        ),
    )
    def ask_to_reopen(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        request_reopening(invoice.period, by=person(request), at=now(), reason=answers["reason"])
        return Done(REQUESTED)

    @button(
        "Void",
        permission=DECIDE,
        icon="block",
        offered=is_in(State.ISSUED),
        guard=check_may_void,
        needs_recent_login=True,
        asks=Dialog(
            title=lambda invoice: f"Void {invoice.number}, {customer_and_total(invoice)}?",
            says=void_notice,
            form=WithReason,
            is_dangerous=True,
        ),
    )
    def void(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        invoice = void(invoice, reason=answers["reason"], by=person(request), at=now())
        then = " Press Bill again to draft it." if invoice.period.is_sealed else ""
        return Done(f"{invoice.number} is void. {invoice.period} is open again.{then}")

    @button(
        "Ask to void",
        permission=DECIDE,
        icon="block",
        offered=is_in(State.ISSUED),
        instead_of=check_may_void,
        asks=Dialog(
            title=lambda invoice: f"Ask for approval to void {invoice.number}, {customer_and_total(invoice)}?",
            says=lambda invoice: f"When a second person approves: {void_notice(invoice)}",
            form=WithReason,
        ),
    )
    def ask_to_void(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        request_void(invoice, by=person(request), at=now(), reason=answers["reason"])
        return Done(REQUESTED)

    @button(
        "Bill again",
        permission=RUN,
        icon="receipt_long",
        variant=ActionVariant.PRIMARY,
        offered=lambda invoice: invoice.state == State.VOID and may_bill_again(invoice.period),
        asks=BILL_AGAIN,
    )
    def bill_again(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        return bill_again_and_open(invoice.period, by=person(request))
