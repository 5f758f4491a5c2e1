"""Invoices: a list to work through, and each one's page, which is the invoice itself."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from unfold.enums import ActionVariant

from billing_engine.core import money
from billing_engine.core.admin_kit.base import for_each
from billing_engine.core.admin_kit.cells import list_of, page_of
from billing_engine.core.admin_kit.dialogs import Dialog, Done, WithReason, button, person
from invoices.admin.invoice.billing_again import BILL_AGAIN, billed_again
from invoices.admin.invoice.dialogs import (
    AnAdjustment,
    MayNeedAReason,
    WhichAdjustment,
    adjustments_of,
    has_adjustments,
    what_a_void_does,
)
from invoices.admin.invoice.documents import Documented
from invoices.admin.invoice.list import InvoiceList
from invoices.admin.invoice.page import invoice_page
from invoices.admin.invoice.sending import Sendable
from invoices.domain.life.adjustments import adjust, withdraw
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
from invoices.domain.month_lock import why_locked, why_not_regenerated
from invoices.models import Invoice

State = Invoice.State
DECIDE = "invoices.change_invoice"
REOPEN = "leads.change_billingperiod"
RUN = "invoices.add_billingrun"


def is_in(*states: Invoice.State) -> Callable[[Invoice], bool]:
    """Whether an invoice is in one of the states."""
    return lambda invoice: invoice.state in states


def worth(invoice: Invoice) -> str:
    """What the invoice asks of whom, for questions and answers about it."""
    return f"{invoice.customer}, {money.in_words(invoice.total, invoice.currency)}"


@admin.register(Invoice)
class InvoiceAdmin(Documented, Sendable, InvoiceList):
    actions = ("approve_chosen", "issue_chosen", "send_chosen")
    actions_detail: Any = (
        *("approve", "issue", "send", "send_back", "adjust", "withdraw", "regenerate", "reopen", "void", "bill_again"),
        *("make_pdf_again", "preview_pdf", "download_pdf", "download_void_pdf"),
    )

    class Media:
        css = {"all": ["invoices/finance.css", "invoices/detail.css"]}

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whether this person approves and issues."""
        return request.user.has_perm(DECIDE)

    @admin.action(description="Approve", permissions=["decide"])
    def approve_chosen(self, request: HttpRequest, rows: QuerySet[Invoice]) -> None:
        for_each(request, rows, lambda invoice: approve(invoice, by=person(request), at=now()), done="Approved")

    @admin.action(description="Issue", permissions=["decide"])
    def issue_chosen(self, request: HttpRequest, rows: QuerySet[Invoice]) -> None:
        in_order = rows.order_by("customer__name", "pk")  # so that numbers follow the customers' names
        for_each(request, in_order, lambda invoice: issue(invoice, by=person(request), at=now()), done="Issued")

    # --- The page -------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return invoice_page(self, request, self._found(request, object_id))

    @button(
        "Approve",
        permission=DECIDE,
        icon="check",
        variant=ActionVariant.PRIMARY,
        offered=is_in(State.DRAFT),
        guard=check_may_approve,
        asks=Dialog(
            title=lambda invoice: f"Approve {worth(invoice)}?",
            says="You looked at it and stand for it.",
            form=MayNeedAReason,
        ),
    )
    def approve(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        approve(invoice, by=person(request), at=now(), reason=answers["reason"])
        return Done("Approved. It can be issued now.")

    @button(
        "Issue",
        permission=DECIDE,
        icon="send",
        variant=ActionVariant.PRIMARY,
        offered=is_in(State.APPROVED),
        asks=Dialog(
            title=lambda invoice: f"Issue {worth(invoice)}?",
            says="It gets its number, and from then on nobody can change it.",
        ),
    )
    def issue(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        return Done(f"Issued as {issue(invoice, by=person(request), at=now()).number}.")

    @button(
        "Send back",
        permission=DECIDE,
        icon="undo",
        offered=is_in(State.APPROVED),
        asks=Dialog(title="Send it back to draft?", says="It has to be approved again before it can be issued."),
    )
    def send_back(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        send_back(invoice, by=person(request), at=now())
        return Done("Sent back: it is a draft again.")

    @button(
        "Adjust",
        permission=DECIDE,
        icon="edit",
        offered=lambda invoice: invoice.state == State.DRAFT and not why_locked(invoice.period.label),
        asks=Dialog(
            title=lambda invoice: f"Adjust the draft for {worth(invoice)}",
            says="A line of its own is added. Somebody else than you approves it then.",
            form=AnAdjustment,
        ),
    )
    def adjust(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        adjust(invoice, **answers, by=person(request), at=now())
        return Done("Adjusted.")

    @button(
        "Withdraw adjustment",
        permission=DECIDE,
        icon="backspace",
        offered=has_adjustments,
        asks=Dialog(title="Take an adjustment off?", form=WhichAdjustment, first=adjustments_of),
    )
    def withdraw(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        withdraw(invoice.lines.get(pk=answers["line"]), by=person(request), at=now())
        return Done("Adjustment withdrawn.")

    @button(
        "Regenerate",
        permission=DECIDE,
        icon="refresh",
        offered=lambda invoice: invoice.state == State.DRAFT and not why_not_regenerated(invoice.period),
        asks=Dialog(
            title=lambda invoice: f"Draft it anew for {invoice.customer}?",
            says="Its billing period is rated again by what holds now; late deliveries for the month are taken in. "
            "Adjustments are kept.",
        ),
    )
    def regenerate(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        fresh = regenerate(invoice, at=now())
        if fresh is None:
            return Done("Nothing is left to bill.", address=list_of("invoices.invoice"))
        return Done(
            f"Drafted anew: {money.in_words(invoice.total, invoice.currency)} before, "
            f"{money.in_words(fresh.total, fresh.currency)} now.",
            address=page_of("invoices.invoice", fresh.pk),
        )

    @button(
        "Re-open period",
        permission=REOPEN,
        icon="lock_open",
        offered=lambda invoice: invoice.state in (State.DRAFT, State.APPROVED) and may_reopen(invoice.period),
        guard=lambda invoice, by: check_may_reopen(invoice.period, by),
        asks=Dialog(
            title=lambda invoice: f"Throw this draft away and re-open {invoice.period}?",
            says="The billing period is rated anew and the next billing run drafts a new invoice. Adjustments are lost. "
            "It takes a person who had no hand in the invoice.",
            form=WithReason,
            is_dangerous=True,
        ),
    )
    def reopen(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        period = reopen(invoice.period, reason=answers["reason"], by=person(request), at=now())
        return Done(f"Draft thrown away; {period} is open again.", address=list_of("invoices.invoice"))

    @button(
        "Void",
        permission=DECIDE,
        icon="block",
        offered=is_in(State.ISSUED),
        guard=check_may_void,
        asks=Dialog(
            title=lambda invoice: f"Void {invoice.number}, {worth(invoice)}?",
            says=what_a_void_does,
            form=WithReason,
            is_dangerous=True,
        ),
    )
    def void(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        invoice = void(invoice, reason=answers["reason"], by=person(request), at=now())
        then = ": press Bill again for its draft" if invoice.period.is_sealed else ""
        return Done(f"{invoice.number} is void; {invoice.period} is open again{then}.")

    @button(
        "Bill again",
        permission=RUN,
        icon="receipt_long",
        variant=ActionVariant.PRIMARY,
        offered=lambda invoice: invoice.state == State.VOID and may_bill_again(invoice.period),
        asks=BILL_AGAIN,
    )
    def bill_again(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        return billed_again(invoice.period, by=person(request))
