"""The pages of email templates and of sent emails."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from billing_engine.core.admin_kit.bulk import for_each
from billing_engine.core.admin_kit.cells import NOTHING, Colour, address_of, chip, code, instant, link, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, dialog_page, person
from billing_engine.core.admin_kit.fields import MultilineField
from billing_engine.core.admin_kit.pages import Page, ReadOnlyPage
from billing_engine.core.errors import Refused
from invoices.admin.invoice.filters import MailMonthFilter, NeedsAttentionFilter
from invoices.admin.invoice.sending import SEND
from invoices.domain.mail.delivery import invoice_letter
from invoices.domain.mail.request import check_may_be_sent_again, recipients_of, send_again
from invoices.domain.mail.template import MAX_CHARACTERS, PLACEHOLDERS, check_template, fill_in, save_template
from invoices.models import Invoice, InvoiceMail, MailTemplate

State = InvoiceMail.State
COLOURS: dict[InvoiceMail.State, Colour] = {
    State.WAITING: "blue",
    State.SENT: "green",
    State.PARTLY: "orange",
    State.WRITTEN: "orange",
    State.FAILED: "red",
    State.VOID: "plain",
}
SEND_AGAIN_TEXT = "Sends the same text as a new email to the addresses that do not have it yet:"


def may_be_sent_again(mail: InvoiceMail) -> bool:
    """Return whether sending the email again would be allowed."""
    try:
        check_may_be_sent_again(mail)
    except Refused:
        return False
    return True


def send_again_notice(mail: InvoiceMail) -> str:
    """Say which addresses get the email, and whether it may already have arrived."""
    doubt = " It may already have arrived; the new email has the same Message-ID." if mail.may_have_arrived else ""
    return f"{SEND_AGAIN_TEXT} {', '.join(mail.missing_addresses)}.{doubt}"


class MailTemplateForm(forms.ModelForm[MailTemplate]):
    """A template, with its errors next to the fields and the length limits of an email."""

    body = MultilineField(
        label="Message", max_length=MAX_CHARACTERS["message"], widget=UnfoldAdminTextareaWidget({"rows": 16})
    )

    class Meta:
        model = MailTemplate
        fields = ("customer", "subject", "body")

    def clean_subject(self) -> str:
        return self._checked("subject")

    def clean_body(self) -> str:
        return self._checked("body")

    def _checked(self, field: str) -> str:
        text: str = self.cleaned_data[field]
        try:
            check_template(text)
        except Refused as refusal:
            raise forms.ValidationError(str(refusal), refusal.code) from refusal
        return text


@admin.register(MailTemplate)
class MailTemplateAdmin(Page[MailTemplate]):
    form = MailTemplateForm
    list_display = ("shown_whom", "subject")
    related = ("customer",)
    ordering = ("customer__name",)
    autocomplete_fields = ("customer",)
    readonly_fields = ("names",)
    fields = ("customer", "subject", "body", "names")
    actions_detail: Any = ("preview",)

    shown_whom = column(str, title="customer")

    class Media:
        css = {"all": ["invoices/detail.css"]}

    def save_model(self, request: HttpRequest, obj: MailTemplate, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        save_template(obj, by=person(request))

    @admin.display(description="placeholders")
    def names(self, template: MailTemplate) -> SafeString:
        rows = format_html_join(
            "", "<dt>{{{}}}</dt><dd>{}</dd>", ((name, says) for name, (says, _) in PLACEHOLDERS.items())
        )
        return format_html('<dl class="mail-names lb-wide">{}</dl>', rows)

    @button(
        "Preview",
        permission="invoices.view_mailtemplate",
        icon="visibility",
        asks=Dialog(
            title="Preview with the latest invoice?", says="Shows the email as it would be sent now. Nothing is sent."
        ),
    )
    def preview(self, request: HttpRequest, template: MailTemplate, answers: dict[str, Any]) -> HttpResponse:
        issued = Invoice.objects.filter(state=Invoice.State.ISSUED).select_related("customer", "period")
        if template.customer_id:
            issued = issued.filter(customer=template.customer_id)
        invoice = issued.order_by("-issued_at").first()
        shown = {
            "title": f"Email for {invoice}" if invoice else "No invoice has been issued yet",
            "invoice": invoice,
            "to": ", ".join(recipients_of(invoice)) if invoice else "",
            "letter": invoice_letter(invoice, *fill_in(template, invoice)) if invoice else None,
        }
        return dialog_page(self, request, template, shown, template="invoices/mail_preview.html")


@admin.register(InvoiceMail)
class InvoiceMailAdmin(ReadOnlyPage[InvoiceMail]):
    is_large = True
    nothing_yet = "No invoice has been sent yet."
    list_display = ("shown_to", "shown_invoice", "shown_customer", "asked", "shown_state", "shown_reason")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        NeedsAttentionFilter,
        MailMonthFilter,
        ("invoice__customer", AutocompleteSelectFilter),
    )
    search_fields = ("invoice__number__istartswith", "invoice__customer__name")
    search_help_text = "Invoice number or customer's name"
    related = ("invoice__customer", "requested_by")
    ordering = ("-pk",)
    actions = ("send_chosen_again",)
    actions_detail: Any = ("send_again",)
    fieldsets = (
        (None, {"fields": (("shown_invoice", "shown_state"), "whole_to", ("asked", "shown_by"), "shown_reason")}),
        ("Content", {"fields": ("subject", "letter")}),
        (
            "Delivery",
            {
                "fields": (
                    "shown_addresses",
                    ("settled", "next_try"),
                    ("via", "shown_attempts"),
                    "shown_id",
                    "shown_digest",
                )
            },
        ),
    )

    shown_to = column(lambda to: shortened(", ".join(to)), "to", title="to")
    whole_to = column(", ".join, "to", title="to")
    shown_invoice = column(link, "invoice", title="invoice")
    shown_customer = column(link, "invoice.customer", title="customer")
    asked = column(instant, "requested_at", "invoice.customer.zone", title="requested")
    shown_by = column(lambda user: user.get_full_name() or str(user), "requested_by", title="by", empty=NOTHING)
    shown_state = column(lambda mail: chip(mail.outcome, COLOURS[State(mail.state)]), title="outcome")
    shown_reason = column(shortened, "reason", title="reason")
    letter = column(
        lambda body: format_html('<div class="mail-letter lb-wide">{}</div>', body), "body", title="message"
    )
    settled = column(instant, "settled_at", "invoice.customer.zone", title="settled")
    next_try = column(instant, "next_attempt_at", title="next attempt")
    shown_id = column(code, "message_id", title="Message-ID", empty=NOTHING)
    shown_digest = column(code, "sha256", title="digest of the PDF", empty=NOTHING)

    class Media:
        css = {"all": ["invoices/detail.css"]}

    @button(
        "Send again",
        permission=SEND,
        icon="mail",
        variant=ActionVariant.PRIMARY,
        offered=may_be_sent_again,
        asks=Dialog(title="Send this email again?", says=send_again_notice),
    )
    def send_again(self, request: HttpRequest, mail: InvoiceMail, answers: dict[str, Any]) -> Done:
        return Done("The email is on its way.", address=address_of(send_again(mail, by=person(request), at=now())))

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Return whether the user can send invoices."""
        return request.user.has_perm(SEND)

    @admin.action(description="Send again", permissions=["send"])
    def send_chosen_again(self, request: HttpRequest, rows: QuerySet[InvoiceMail]) -> None:
        for_each(request, rows, lambda mail: send_again(mail, by=person(request), at=now()), done="On their way")

    @admin.display(description="attempts")
    def shown_attempts(self, mail: InvoiceMail) -> str:
        interrupted = f", {mail.interrupted} interrupted" if mail.interrupted else ""
        return f"{mail.attempts}{interrupted}"

    @admin.display(description="by address")
    def shown_addresses(self, mail: InvoiceMail) -> SafeString:
        """Show the server's reply for each address."""
        others = "recorded only" if mail.state == State.WRITTEN else "not accepted"
        replies = {**dict.fromkeys(mail.to, others), **mail.rejected, **dict.fromkeys(mail.accepted, "accepted")}
        return format_html_join("", '<div class="lb-wide">{}: {}</div>', replies.items())
