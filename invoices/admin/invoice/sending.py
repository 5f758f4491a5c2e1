"""The buttons by which an issued invoice goes out: whom to, and what is said, stand in the dialog before anything is sent."""

import re
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import now
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from billing_engine.core.admin_kit.bulk import for_each
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.errors import Refused
from invoices.domain.mail.request import check_may_be_sent, recipients_of, send, send_once
from invoices.domain.mail.server import is_a_server, server
from invoices.domain.mail.template import MOST_CHARACTERS, written
from invoices.models import Invoice, InvoiceMail

SEND = "invoices.add_invoicemail"


class OneKindOfLine(forms.CharField):
    """A text as it is kept: a browser ends its lines with two characters, which are counted as one."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class MailForm(forms.Form):
    """A mail as it will go out."""

    to = forms.CharField(
        label="To", help_text="Addresses, apart by commas or lines.", widget=UnfoldAdminTextareaWidget({"rows": 2})
    )
    subject = forms.CharField(max_length=MOST_CHARACTERS["subject"], widget=UnfoldAdminTextInputWidget())
    body = OneKindOfLine(
        label="Message", max_length=MOST_CHARACTERS["message"], widget=UnfoldAdminTextareaWidget({"rows": 14})
    )
    # Made with the dialog: pressing its button twice sends one mail.
    request = forms.UUIDField(widget=forms.HiddenInput())


def may_be_sent(invoice: Invoice) -> bool:
    """Whether it would be refused."""
    try:
        check_may_be_sent(invoice)
    except Refused:
        return False
    return True


def mail_of(invoice: Invoice) -> dict[str, Any]:
    """What the dialog begins with."""
    subject, body = written(invoice)
    return {"to": ", ".join(recipients_of(invoice)), "subject": subject, "body": body, "request": uuid4()}


def told(invoice: Invoice) -> str:
    """What goes with it, by which way, and what of it may have arrived already."""
    sent = (
        f"It was sent before, first on {day_in_words(invoice.sent_at.astimezone(invoice.customer.zone).date())}. "
        if invoice.sent_at
        else ""
    )
    latest = invoice.mails.order_by("-pk").first()
    doubt = (
        "The last mail may have arrived: unless you change its words, a second copy has the same Message-ID. "
        if latest is not None and latest.may_have_arrived and latest.state == InvoiceMail.State.FAILED
        else ""
    )
    how = (
        f"Mails leave by {server()}."
        if is_a_server()
        else f"Nobody gets it: this server writes mails down instead of sending them ({server()}; see EMAIL_URL)."
    )
    return f"{sent}{doubt}{invoice.number}.pdf goes with it. {how}"


class Sendable:
    """What the invoices' own page gets."""

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Whether this person sends invoices."""
        return request.user.has_perm(SEND)

    @button(
        "Send",
        permission=SEND,
        icon="mail",
        variant=ActionVariant.PRIMARY,
        offered=may_be_sent,
        asks=Dialog(title=lambda invoice: f"Send {invoice}", says=told, form=MailForm, first=mail_of),
    )
    def send(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        mail = send(
            invoice,
            by=person(request),
            at=now(),
            to=re.split(r"[,;\s]+", answers["to"]),
            text=(answers["subject"], answers["body"]),
            request=answers["request"],
        )
        if not is_a_server():
            return Done(f"Written down for {', '.join(mail.to)}: this server sends no mail.", level=messages.WARNING)
        return Done(f"On its way to {', '.join(mail.to)}. This page shows what comes of it.")

    @admin.action(description="Send", permissions=["send"])
    def send_chosen(self, request: HttpRequest, rows: QuerySet[Invoice]) -> None:
        done = "On their way" if is_a_server() else "Written down, not sent: this server has no mail server"
        for_each(request, rows, lambda invoice: send_once(invoice, by=person(request), at=now()), done=done)
