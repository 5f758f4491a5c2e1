"""Invoices: a list to work through, and each one's page, which is the invoice itself."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing_engine.core import money
from billing_engine.core.admin import for_each
from invoices.admin.filters import MonthFilter
from invoices.admin.invoice_page import STATE_COLOURS, invoice_page
from invoices.admin.sending import Sendable
from invoices.domain.document import document_of, preview
from invoices.domain.invoice import approve, discard, issue, send_back
from invoices.domain.wording import month_in_words
from invoices.models import Invoice
from leads.admin.bases import ReadOnlyPage
from leads.admin.buttons import Dialog, Done, button, person
from leads.admin.shown import amount, chip, day, link, list_of

State = Invoice.State
DECIDE = "invoices.change_invoice"


def is_in(*states: Invoice.State) -> Callable[[Invoice], bool]:
    """Whether an invoice is in one of the states."""
    return lambda invoice: invoice.state in states


def worth(invoice: Invoice) -> str:
    """What the invoice asks of whom, for questions and answers about it."""
    return f"{invoice.customer}, {money.in_words(invoice.total, invoice.currency)}"


def file_button(label: str, *, icon: str, when: Callable[[Invoice], bool]) -> Callable[[Any], Any]:
    """A button that asks nothing and answers with a file, for those who may see the invoice."""

    def decorate(view: Any) -> Any:
        made: Any = action(description=label, permissions=["view"], icon=icon)
        made = made(view)
        made.offered = when
        return made

    return decorate


@admin.register(Invoice)
class InvoiceAdmin(Sendable, ReadOnlyPage[Invoice]):
    list_display = ("shown_number", "shown_customer", "shown_month", "shown_total", "shown_state", "shown_due")
    list_display_links = ("shown_number",)
    list_filter = (("state", ChoicesDropdownFilter), MonthFilter, ("customer", AutocompleteSelectFilter))
    list_select_related = ("customer", "period")
    search_fields = ("number__icontains", "customer__name", "customer__code__istartswith")
    search_help_text = "Invoice number, customer's name or code"
    ordering = ("-pk",)
    actions = ("approve_chosen", "issue_chosen", "send_chosen")
    actions_detail: Any = ("approve", "issue", "send", "send_back", "discard", "preview_pdf", "download_pdf")

    class Media:
        css = {"all": ["invoices/finance.css", "invoices/detail.css"]}

    # --- The list -------------------------------------------------------------------------------

    @admin.display(description="invoice", ordering="number")
    def shown_number(self, invoice: Invoice) -> str:
        return invoice.number or f"Draft {invoice.pk}"

    @admin.display(description="customer", ordering="customer__name")
    def shown_customer(self, invoice: Invoice) -> SafeString | str:
        return link(invoice.customer)

    @admin.display(description="month", ordering="period__label")
    def shown_month(self, invoice: Invoice) -> str:
        return month_in_words(invoice.period.label)

    @admin.display(description="total", ordering="total")
    def shown_total(self, invoice: Invoice) -> SafeString:
        return amount(money.in_words(invoice.total, invoice.currency))

    @admin.display(description="state", ordering="state")
    def shown_state(self, invoice: Invoice) -> SafeString:
        return chip(invoice.get_state_display(), STATE_COLOURS[State(invoice.state)])

    @admin.display(description="due", ordering="due_on")
    def shown_due(self, invoice: Invoice) -> str:
        return day(invoice.due_on)

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
        asks=Dialog(title=lambda invoice: f"Approve {worth(invoice)}?", says="You looked at it and stand for it."),
    )
    def approve(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        approve(invoice, by=person(request), at=now())
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
        send_back(invoice)
        return Done("Sent back: it is a draft again.")

    @button(
        "Discard draft",
        permission=DECIDE,
        icon="delete",
        offered=is_in(State.DRAFT),
        asks=Dialog(
            title=lambda invoice: f"Discard the draft for {worth(invoice)}?",
            says="Its billing period opens again and is rated anew; the next billing run drafts a new invoice.",
            is_dangerous=True,
        ),
    )
    def discard(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        period = discard(invoice)
        return Done(f"Draft discarded; {period} is open again.", address=list_of("invoices.invoice"))

    @file_button("Preview PDF", icon="picture_as_pdf", when=is_in(State.DRAFT, State.APPROVED))
    def preview_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        invoice = self._found(request, object_id)
        return _pdf(preview(invoice), f"draft-{invoice.customer.code}-{invoice.period.label}.pdf")

    @file_button("Download PDF", icon="download", when=is_in(State.ISSUED))
    def download_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        invoice = self._found(request, object_id)
        return _pdf(bytes(document_of(invoice, at=now()).content), f"{invoice.number}.pdf")

    def _found(self, request: HttpRequest, object_id: str) -> Invoice:
        invoice: Invoice | None = self.get_object(request, object_id)
        if invoice is None:
            raise Http404
        if not self.has_view_permission(request, invoice):
            raise PermissionDenied
        return invoice


def _pdf(content: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )
