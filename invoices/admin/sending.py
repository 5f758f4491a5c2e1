"""The buttons by which an issued invoice goes out: whom to, and what is said, stand in the dialog before anything is sent."""

import re
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import now
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from billing_engine.core.admin import for_each
from invoices.domain.mail import recipients_of, send, server
from invoices.domain.mail_text import written
from invoices.models import Invoice
from leads.admin.buttons import Dialog, Done, button, person

SEND = "invoices.add_invoicemail"


class MailForm(forms.Form):
    """A mail as it will go out."""

    to = forms.CharField(
        label="To", help_text="Addresses, apart by commas or lines.", widget=UnfoldAdminTextareaWidget({"rows": 2})
    )
    subject = forms.CharField(max_length=400, widget=UnfoldAdminTextInputWidget())
    body = forms.CharField(label="Message", max_length=20_000, widget=UnfoldAdminTextareaWidget({"rows": 14}))
    # Made with the dialog: pressing its button twice sends one mail.
    request = forms.UUIDField(widget=forms.HiddenInput())


def mail_of(invoice: Invoice) -> dict[str, Any]:
    """What the dialog begins with."""
    subject, body = written(invoice)
    return {"to": ", ".join(recipients_of(invoice)), "subject": subject, "body": body, "request": uuid4()}


def told(invoice: Invoice) -> str:
    """What goes with it, and by which way."""
    sent = f"It was sent before, first on {invoice.sent_at:%Y-%m-%d}. " if invoice.sent_at else ""
    return f"{sent}{invoice.number}.pdf goes with it. By: {server()}."


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
        offered=lambda invoice: invoice.state == Invoice.State.ISSUED,
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
        return Done(f"On its way to {', '.join(mail.to)}. What comes of it stands on this page.")

    @admin.action(description="Send", permissions=["send"])
    def send_chosen(self, request: HttpRequest, rows: QuerySet[Invoice]) -> None:
        for_each(request, rows, lambda invoice: send(invoice, by=person(request), at=now()), done="On their way")
