"""The list of credit notes, and the page of each with its buttons."""

import re
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing_engine.core import money
from billing_engine.core.admin_kit.bulk import for_each
from billing_engine.core.admin_kit.cells import (
    NOTHING,
    Colour,
    address_of,
    chip,
    day,
    instant,
    link,
    list_of,
    total,
)
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import REQUESTED, Dialog, Done, WithReason, button, person
from billing_engine.core.admin_kit.fields import MailForm
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.errors import Refused
from billing_engine.core.tables.download import file_response
from invoices.domain.document.queue import ready
from receivables.admin.credit_notes.note_cells import credited_lines, has_failed_paper, origin_of, state_of
from receivables.admin.credit_notes.sending import mail_of, may_be_sent
from receivables.domain.credit_notes.approvals import request_approval
from receivables.domain.credit_notes.drafting import discard
from receivables.domain.credit_notes.issuing import approve, check_may_approve, issue, send_back
from receivables.domain.credit_notes.sending import send_note
from receivables.domain.papers.store import try_again
from receivables.models import CreditNote, Paper

State = CreditNote.State
DECIDE, SEND = "receivables.change_creditnote", "receivables.add_papermail"
COLOURS: dict[CreditNote.State, Colour] = {State.DRAFT: "orange", State.APPROVED: "blue", State.ISSUED: "green"}


def is_in(*states: CreditNote.State) -> Callable[[CreditNote], bool]:
    """Return a check whether a note is in one of the states."""
    return lambda note: note.state in states


def what_and_whose(note: CreditNote) -> str:
    """Return the note's total, invoice and customer, for dialogs."""
    return f"{money.in_words(note.total, note.currency)} of {note.invoice}, {note.invoice.customer}"


def paper_of(note: CreditNote) -> Paper:
    """Return the stored PDF of an issued note; raise DocumentIsBeingMade or DocumentFailed."""
    if note.paper is None:
        raise Http404
    return ready(note.paper)


def emails_of(note: CreditNote) -> str | SafeString:
    """Show each email with its outcome."""
    mails = note.paper.mails.order_by("-pk") if note.paper else ()
    zone = note.invoice.customer.zone
    rows = [(instant(mail.requested_at, zone), ", ".join(mail.to), mail.outcome) for mail in mails]
    return format_html_join("", "<div>{} to {}: {}</div>", rows) or NOTHING


@admin.register(CreditNote)
class CreditNoteAdmin(ReadOnlyPage[CreditNote]):
    is_large = True
    nothing_yet = "There are no credit notes yet. Open an issued invoice and press Credit."
    list_display = (
        "shown_number",
        "shown_customer",
        "shown_invoice",
        "shown_reason",
        "shown_total",
        "shown_on",
        "shown_state",
    )
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("reason", RelatedDropdownFilter),
        ("invoice__customer", AutocompleteSelectFilter),
    )
    related = ("invoice__customer", "reason", "drafted_by", "approved_by", "issued_by", "paper")
    search_fields = ("number__istartswith", "invoice__number__istartswith")
    search_help_text = "Number of the note or its invoice"
    ordering = ("-pk",)
    actions = ("approve_chosen", "issue_chosen", "send_chosen")
    actions_detail: Any = (
        *("approve", "ask_to_approve", "issue", "send", "send_back", "discard"),
        "make_pdf_again",
        "download_pdf",
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("shown_invoice", "shown_customer"),
                    ("shown_state", "shown_on"),
                    ("shown_reason", "shown_origin"),
                    "shown_sentence",
                    ("shown_drafter", "shown_approver", "shown_issuer"),
                )
            },
        ),
        ("What it credits", {"fields": ("shown_lines",)}),
        ("PDF and emails", {"fields": (("shown_paper", "shown_mails"),)}),
    )

    shown_number = column(str, title="number")
    shown_invoice = column(link, "invoice", title="invoice")
    shown_customer = column(link, "invoice.customer", title="customer")
    shown_reason = column(str, "reason", title="reason")
    shown_origin = column(origin_of, title="regarding")
    shown_sentence = column(str, "sentence", title="what the customer reads")
    shown_total = column(total, "total", "currency", title="total")
    shown_on = column(day, "issued_on", title="issued", empty=NOTHING)
    shown_state = column(
        lambda note: chip(note.get_state_display(), COLOURS[State(note.state)]), title="state", order="state"
    )
    shown_drafter = column(
        lambda who: who.get_full_name() or str(who), "drafted_by", title="drafted by", empty="The engine"
    )
    shown_approver = column(
        lambda who: who.get_full_name() or str(who), "approved_by", title="approved by", empty=NOTHING
    )
    shown_issuer = column(lambda who: who.get_full_name() or str(who), "issued_by", title="issued by", empty=NOTHING)
    shown_lines = column(credited_lines, title="lines")
    shown_paper = column(state_of, "paper", title="PDF", empty=NOTHING)

    shown_mails = column(emails_of, title="emails")

    class Media:
        css = {"all": ["receivables/credit_notes.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[CreditNote]:
        """Leave out credit lines, which are approved and issued with the invoice that they are on."""
        found = super().get_queryset(request)
        return found.exclude(state=State.LINE)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Return whether the user can approve and issue credit notes."""
        return request.user.has_perm(DECIDE)

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Return whether the user can send credit notes."""
        return request.user.has_perm(SEND)

    @admin.action(description="Approve", permissions=["decide"])
    def approve_chosen(self, request: HttpRequest, rows: QuerySet[CreditNote]) -> None:
        for_each(request, rows, lambda note: approve(note, by=person(request), at=now()), done="Approved")

    @admin.action(description="Issue", permissions=["decide"])
    def issue_chosen(self, request: HttpRequest, rows: QuerySet[CreditNote]) -> None:
        in_order = rows.order_by("invoice__customer__name", "pk")
        for_each(request, in_order, lambda note: issue(note, by=person(request), at=now()), done="Issued")

    @admin.action(description="Send", permissions=["send"])
    def send_chosen(self, request: HttpRequest, rows: QuerySet[CreditNote]) -> None:
        for_each(request, rows, lambda note: send_note(note, by=person(request), at=now()), done="On their way")

    @button(
        "Approve",
        permission=DECIDE,
        icon="check",
        variant=ActionVariant.PRIMARY,
        offered=is_in(State.DRAFT),
        guard=check_may_approve,
        asks=Dialog(title=lambda note: f"Approve a credit of {what_and_whose(note)}?"),
    )
    def approve(self, request: HttpRequest, note: CreditNote, answers: dict[str, Any]) -> Done:
        approve(note, by=person(request), at=now())
        return Done("Approved. It can be issued now.")

    @button(
        "Ask for approval",
        permission=DECIDE,
        icon="how_to_reg",
        variant=ActionVariant.PRIMARY,
        offered=is_in(State.DRAFT),
        instead_of=check_may_approve,
        asks=Dialog(
            title=lambda note: f"Ask for approval of a credit of {what_and_whose(note)}?",
            says="Another person sees what is credited, and approves it or sends it back.",
            form=WithReason,
        ),
    )
    def ask_to_approve(self, request: HttpRequest, note: CreditNote, answers: dict[str, Any]) -> Done:
        request_approval(note, by=person(request), at=now(), reason=answers["reason"])
        return Done(REQUESTED)

    @button(
        "Issue",
        permission=DECIDE,
        icon="send",
        variant=ActionVariant.PRIMARY,
        offered=is_in(State.APPROVED),
        needs_recent_login=True,
        asks=Dialog(
            title=lambda note: f"Issue a credit of {what_and_whose(note)}?",
            says="The credit note gets its number and can no longer be changed. It settles what is open of its invoice;"
            " the rest is credit for the next invoices.",
        ),
    )
    def issue(self, request: HttpRequest, note: CreditNote, answers: dict[str, Any]) -> Done:
        return Done(f"Issued as {issue(note, by=person(request), at=now()).number}.")

    @button(
        "Send",
        permission=SEND,
        icon="mail",
        variant=ActionVariant.PRIMARY,
        offered=may_be_sent,
        asks=Dialog(
            title=lambda note: f"Send {note}",
            says=lambda note: f"{note.paper} is attached.",
            form=MailForm,
            first=mail_of,
        ),
    )
    def send(self, request: HttpRequest, note: CreditNote, answers: dict[str, Any]) -> Done:
        to = re.split(r"[,;\s]+", answers["to"])
        text = answers["subject"], answers["body"]
        mail = send_note(note, by=person(request), at=now(), to=to, text=text, request=answers["request"])
        return Done(f"On its way to {', '.join(mail.to)}. This page shows the outcome.")

    @button(
        "Send back",
        permission=DECIDE,
        icon="undo",
        offered=is_in(State.APPROVED),
        asks=Dialog(title="Send this credit note back to draft?", form=WithReason),
    )
    def send_back(self, request: HttpRequest, note: CreditNote, answers: dict[str, Any]) -> Done:
        send_back(note, by=person(request), reason=answers["reason"])
        return Done("Sent back to draft.")

    @button(
        "Discard",
        permission=DECIDE,
        icon="delete",
        offered=is_in(State.DRAFT),
        asks=Dialog(
            title="Discard this draft?",
            says="What it would have credited is left again.",
            form=WithReason,
            is_dangerous=True,
        ),
    )
    def discard(self, request: HttpRequest, note: CreditNote, answers: dict[str, Any]) -> Done:
        discard(note, by=person(request), reason=answers["reason"])
        return Done("Draft discarded.", address=list_of("receivables.creditnote"))

    @button(
        "Make PDF again",
        permission=DECIDE,
        icon="refresh",
        variant=ActionVariant.PRIMARY,
        offered=has_failed_paper,
        asks=Dialog(title="Make the PDF again?", says="A worker will make it. If it fails again, this page shows why."),
    )
    def make_pdf_again(self, request: HttpRequest, note: CreditNote, answers: dict[str, Any]) -> Done:
        if note.paper is not None:
            try_again(note.paper, by=person(request), at=now())
        return Done("The PDF is being made.")

    @action(description="Download PDF", permissions=["view"], icon="download")
    def download_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Return the PDF, or go back to the page with the reason why there is none."""
        note = self.visible(request, object_id)
        try:
            paper = paper_of(note)
        except Refused as refusal:
            messages.warning(request, str(refusal))
            return HttpResponseRedirect(address_of(note))
        return file_response(bytes(paper.content or b""), name=paper.file_name, content_type="application/pdf")

    download_pdf.offered = is_in(State.ISSUED)
