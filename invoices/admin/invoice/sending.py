"""The buttons that send an issued invoice; the dialog shows recipients and text before anything is sent."""

import re
from typing import Any
from uuid import uuid4

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import now
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.bulk import for_each
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.fields import MailForm
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.errors import Refused
from invoices.domain.mail.request import check_may_be_sent, recipients_of, send, send_once
from invoices.domain.mail.server import sends_email, server_name
from invoices.domain.mail.template import email_text
from invoices.models import Invoice, InvoiceMail

SEND = "invoices.add_invoicemail"


def may_be_sent(invoice: Invoice) -> bool:
    """Return whether sending the invoice would be allowed."""
    try:
        check_may_be_sent(invoice)
    except Refused:
        return False
    return True


def mail_of(invoice: Invoice) -> dict[str, Any]:
    """Return the initial values of the dialog."""
    subject, body = email_text(invoice)
    return {"to": ", ".join(recipients_of(invoice)), "subject": subject, "body": body, "request": uuid4()}


def send_notice(invoice: Invoice) -> str:
    """Say what is attached, how it is sent, and whether an earlier email may have arrived."""
    sent = (
        f"This invoice was already sent, first on {day_in_words(invoice.sent_at.astimezone(invoice.customer.zone).date())}. "
        if invoice.sent_at
        else ""
    )
    latest = invoice.mails.order_by("-pk").first()
    doubt = (
        "The last email may have arrived. Unless you change the text, this one has the same Message-ID. "
        if latest is not None and latest.may_have_arrived and latest.state == InvoiceMail.State.FAILED
        else ""
    )
    how = (
        f"It is sent by {server_name()}."
        if sends_email()
        else f"It will not be delivered: no mail server is configured ({server_name()}; see EMAIL_URL)."
    )
    return f"{sent}{doubt}{invoice.number}.pdf is attached. {how}"


class SendButton:
    """The Send button of the invoice page."""

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Return whether the user can send invoices."""
        return request.user.has_perm(SEND)

    @button(
        "Send",
        permission=SEND,
        icon="mail",
        variant=ActionVariant.PRIMARY,
        offered=may_be_sent,
        asks=Dialog(title=lambda invoice: f"Send {invoice}", says=send_notice, form=MailForm, first=mail_of),
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
        if not sends_email():
            return Done(
                f"Recorded for {', '.join(mail.to)}, not sent: no mail server is configured.", level=messages.WARNING
            )
        return Done(f"On its way to {', '.join(mail.to)}. This page shows the outcome.")

    @admin.action(description="Send", permissions=["send"])
    def send_chosen(self, request: HttpRequest, rows: QuerySet[Invoice]) -> None:
        done = "On their way" if sends_email() else "Recorded, not sent: no mail server is configured"
        for_each(request, rows, lambda invoice: send_once(invoice, by=person(request), at=now()), done=done)
