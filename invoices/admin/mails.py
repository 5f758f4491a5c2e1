"""What customers are written, and every mail that was: to whom, when, by whom, with which PDF, and what came of it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from billing_engine.core.admin_kit.base import for_each
from billing_engine.core.admin_kit.cells import NOTHING, Colour, chip, code, instant, link, shortened
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, dialog_page, page_of, person
from billing_engine.core.admin_kit.pages import Page, ReadOnlyPage
from billing_engine.core.errors import Refused
from invoices.admin.invoice.filters import MailMonthFilter, TurnFilter
from invoices.admin.invoice.sending import SEND, OneKindOfLine
from invoices.domain.mail.request import check_may_be_sent_again, recipients_of, send_again
from invoices.domain.mail.template import MOST_CHARACTERS, PLACEHOLDERS, check_template, filled, save_template
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
SEND_AGAIN_SAYS = "With the same words, to those who have not got it, as a new mail."


def may_be_sent_again(mail: InvoiceMail) -> bool:
    """Whether it would be refused."""
    try:
        check_may_be_sent_again(mail)
    except Refused:
        return False
    return True


def told_before_again(mail: InvoiceMail) -> str:
    """To whom, and what may have arrived already."""
    doubt = " It may have arrived before; the new mail has the same Message-ID." if mail.may_have_arrived else ""
    return f"{SEND_AGAIN_SAYS} To {', '.join(mail.without_it)}.{doubt}"


class MailTemplateForm(forms.ModelForm[MailTemplate]):
    """A template; a name that no mail can say is told beside the field that has it. Its limits are a mail's."""

    body = OneKindOfLine(
        label="Message", max_length=MOST_CHARACTERS["message"], widget=UnfoldAdminTextareaWidget({"rows": 16})
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
    list_select_related = ("customer",)
    ordering = ("customer__name",)
    autocomplete_fields = ("customer",)
    readonly_fields = ("names",)
    fields = ("customer", "subject", "body", "names")
    actions_detail: Any = ("preview",)

    class Media:
        css = {"all": ["invoices/detail.css"]}

    def save_model(self, request: HttpRequest, obj: MailTemplate, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        save_template(obj)

    @admin.display(description="for")
    def shown_whom(self, template: MailTemplate) -> str:
        return str(template)

    @admin.display(description="names to use")
    def names(self, template: MailTemplate) -> SafeString:
        rows = format_html_join(
            "", "<dt>{{{}}}</dt><dd>{}</dd>", ((name, says) for name, (says, _) in PLACEHOLDERS.items())
        )
        return format_html('<dl class="mail-names lb-wide">{}</dl>', rows)

    @button(
        "Preview",
        permission="invoices.view_mailtemplate",
        icon="visibility",
        asks=Dialog(title="Preview with the latest invoice?", says="As it would go out now. Nothing is sent."),
    )
    def preview(self, request: HttpRequest, template: MailTemplate, answers: dict[str, Any]) -> HttpResponse:
        issued = Invoice.objects.filter(state=Invoice.State.ISSUED).select_related("customer", "period")
        if template.customer_id:
            issued = issued.filter(customer=template.customer_id)
        invoice = issued.order_by("-issued_at").first()
        subject, body = filled(template, invoice) if invoice else ("", "")
        shown = {
            "title": f"{invoice} as a mail" if invoice else "No invoice is issued yet",
            "invoice": invoice,
            "to": ", ".join(recipients_of(invoice)) if invoice else "",
            "subject": subject,
            "body": body,
        }
        return dialog_page(self, request, template, shown, template="invoices/mail_preview.html")


@admin.register(InvoiceMail)
class InvoiceMailAdmin(ReadOnlyPage[InvoiceMail]):
    nothing_yet = "No invoice has been mailed yet."
    list_display = ("shown_to", "shown_invoice", "shown_customer", "asked", "shown_state", "shown_reason")
    list_filter = (("state", ChoicesDropdownFilter), TurnFilter, MailMonthFilter)
    search_fields = ("invoice__number__istartswith", "invoice__customer__name")
    search_help_text = "Invoice number or customer's name"
    ordering = ("-pk",)
    actions = ("send_chosen_again",)
    actions_detail: Any = ("send_again",)
    fieldsets = (
        (None, {"fields": (("shown_invoice", "shown_state"), "whole_to", ("asked", "shown_by"), "shown_reason")}),
        ("What was said", {"fields": ("subject", "letter")}),
        (
            "How it went",
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

    class Media:
        css = {"all": ["invoices/detail.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[InvoiceMail]:
        found: QuerySet[InvoiceMail] = super().get_queryset(request)
        return found.select_related("invoice__customer", "asked_by")

    @button(
        "Send again",
        permission=SEND,
        icon="mail",
        variant=ActionVariant.PRIMARY,
        offered=may_be_sent_again,
        asks=Dialog(title="Send it again?", says=told_before_again),
    )
    def send_again(self, request: HttpRequest, mail: InvoiceMail, answers: dict[str, Any]) -> Done:
        return Done("On its way.", address=page_of(send_again(mail, by=person(request), at=now())))

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Whether this person sends invoices."""
        return request.user.has_perm(SEND)

    @admin.action(description="Send again", permissions=["send"])
    def send_chosen_again(self, request: HttpRequest, rows: QuerySet[InvoiceMail]) -> None:
        for_each(request, rows, lambda mail: send_again(mail, by=person(request), at=now()), done="On their way")

    @admin.display(description="to")
    def shown_to(self, mail: InvoiceMail) -> SafeString | str:
        return shortened(", ".join(mail.to))

    @admin.display(description="to")
    def whole_to(self, mail: InvoiceMail) -> str:
        return ", ".join(mail.to)

    @admin.display(description="invoice")
    def shown_invoice(self, mail: InvoiceMail) -> SafeString | str:
        return link(mail.invoice)

    @admin.display(description="customer")
    def shown_customer(self, mail: InvoiceMail) -> SafeString | str:
        return link(mail.invoice.customer)

    @admin.display(description="asked for")
    def asked(self, mail: InvoiceMail) -> SafeString | str:
        return instant(mail.asked_at, mail.invoice.customer.zone)

    @admin.display(description="by")
    def shown_by(self, mail: InvoiceMail) -> str:
        return (mail.asked_by.get_full_name() or str(mail.asked_by)) if mail.asked_by else NOTHING

    @admin.display(description="outcome")
    def shown_state(self, mail: InvoiceMail) -> SafeString:
        return chip(mail.outcome, COLOURS[State(mail.state)])

    @admin.display(description="reason")
    def shown_reason(self, mail: InvoiceMail) -> SafeString | str:
        return shortened(mail.reason)

    @admin.display(description="message")
    def letter(self, mail: InvoiceMail) -> SafeString:
        return format_html('<div class="mail-letter lb-wide">{}</div>', mail.body)

    @admin.display(description="settled")
    def settled(self, mail: InvoiceMail) -> SafeString | str:
        return instant(mail.settled_at, mail.invoice.customer.zone)

    @admin.display(description="next attempt")
    def next_try(self, mail: InvoiceMail) -> SafeString | str:
        return instant(mail.next_attempt_at)

    @admin.display(description="attempts")
    def shown_attempts(self, mail: InvoiceMail) -> str:
        ended = f", of which {mail.interrupted} ended with their worker" if mail.interrupted else ""
        return f"{mail.attempts}{ended}"

    @admin.display(description="by address")
    def shown_addresses(self, mail: InvoiceMail) -> SafeString:
        """What the server said of each."""
        taken = "written down" if mail.state == State.WRITTEN else "not taken"
        said = {**dict.fromkeys(mail.to, taken), **mail.refused, **dict.fromkeys(mail.taken, "taken")}
        return format_html_join("", '<div class="lb-wide">{}: {}</div>', said.items())

    @admin.display(description="Message-ID")
    def shown_id(self, mail: InvoiceMail) -> SafeString | str:
        return code(mail.message_id) if mail.message_id else NOTHING

    @admin.display(description="digest of the PDF")
    def shown_digest(self, mail: InvoiceMail) -> SafeString | str:
        return code(mail.sha256) if mail.sha256 else NOTHING
