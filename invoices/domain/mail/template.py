"""The placeholders of email templates, and how a template becomes an email."""

import re
from collections.abc import Callable, Collection
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.deeds.record import record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import HasFaults, Refused
from billing_engine.core.money import in_words
from billing_engine.core.saving import save_changes
from billing_engine.core.validation import row_faults
from invoices.domain.mail.pay_online import pay_address_of
from invoices.domain.wording import clean, lines_of
from invoices.models import Invoice, MailTemplate
from invoices.models.mail import MAX_MESSAGE, MAX_SUBJECT
from leads.domain.memberships.addresses import portal_address

TEMPLATE_SAVED = Verb("email_template_saved", "Email template saved")

MAX_CHARACTERS = {"subject": MAX_SUBJECT, "message": MAX_MESSAGE}
Value = Callable[[Invoice], str]
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def _of(party: str, name: str) -> Value:
    def says(invoice: Invoice) -> str:
        details: dict[str, Any] = getattr(invoice, party)
        return "\n".join(lines_of(str(details.get(name, ""))))

    return says


def _portal(invoice: Invoice) -> str:
    return portal_address(invoice.customer, "invoice", invoice)


# Name: what it stands for, and its value for an issued invoice. A template has no other placeholders and no logic.
PLACEHOLDERS: dict[str, tuple[str, Value]] = {
    "number": ("the invoice's number", lambda invoice: invoice.number or ""),
    "customer": ("the customer's legal name", _of("bill_to", "name")),
    "period": ("the month or days billed", lambda invoice: invoice.period.in_words),
    "total": ("the total due", lambda invoice: f"{in_words(invoice.total, invoice.currency)} {invoice.currency}"),
    "issued_on": ("the issue date", lambda invoice: day_in_words(invoice.issued_on) if invoice.issued_on else ""),
    "due_on": ("the due date", lambda invoice: day_in_words(invoice.due_on) if invoice.due_on else ""),
    "purchase_order": ("the customer's PO number", _of("bill_to", "purchase_order")),
    "pay_to": ("how to pay", _of("seller", "pay_to")),
    "pay_online": ("the address at which it is paid online, if that is on", pay_address_of),
    "portal": ("the invoice’s address in the portal, if the customer has people there", _portal),
    "seller": ("your company's name", _of("seller", "name")),
    "seller_email": ("the seller's contact address", _of("seller", "email")),
}


# As the migration writes it; used if no template is stored.
STANDARD = MailTemplate(
    subject="Invoice {number}, {period}: {total} due {due_on}",
    body="Dear {customer},\n\nInvoice {number} for {period} is attached.\n\nTotal due: {total}\n"
    "Due date: {due_on}\n\n{pay_to}\n\nPay online: {pay_online}\n\nSee the invoice: {portal}\n\n{seller}\n",
)


class BadTemplate(Refused):
    """A template has an unknown placeholder or a stray brace."""

    code = "bad_email_template"


def check_template(text: str) -> None:
    """Raise BadTemplate if the text has an unknown placeholder or a stray brace."""
    unknown = sorted({name for name in PLACEHOLDER.findall(text) if name not in PLACEHOLDERS})
    if unknown:
        names = ", ".join(f"{{{name}}}" for name in unknown)
        raise BadTemplate(f"Unknown: {names}. Valid names: {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}.")
    if re.search(r"[{}]", PLACEHOLDER.sub("", text)):
        raise BadTemplate("A brace is unmatched. Write a name between two braces, such as {number}.")


@transaction.atomic
def save_template(template: MailTemplate, *, by: User) -> MailTemplate:
    """Save a template; raise BadTemplate, or HasFaults if it is too long."""
    for text in (template.subject, template.body):
        check_template(text)
    if faults := row_faults(template):
        raise HasFaults(faults)
    stored = MailTemplate.objects.select_for_update(of=("self",)).filter(pk=template.pk).first()
    save_changes(template, since=stored)
    also = [template.customer] if template.customer else []
    record_saved(TEMPLATE_SAVED, on=template, stored=stored, by=by, also=also)
    return template


def email_text(invoice: Invoice) -> tuple[str, str]:
    """Return the subject and message for an issued invoice, from the customer's template or the one for all."""
    return email_texts([invoice])[invoice.pk]


def email_texts(invoices: Collection[Invoice]) -> dict[int, tuple[str, str]]:
    """Return the subject and message of each issued invoice by its id."""
    wanted = Q(customer__in={invoice.customer_id for invoice in invoices}) | Q(customer=None)
    stored = {template.customer_id: template for template in MailTemplate.objects.filter(wanted)}
    for_all = stored.get(None, STANDARD)
    return {invoice.pk: fill_in(stored.get(invoice.customer_id, for_all), invoice) for invoice in invoices}


def fill_in(template: MailTemplate, invoice: Invoice) -> tuple[str, str]:
    """Fill in the template for an invoice; a line whose placeholders are all empty is left out."""
    lines = template.body.replace("\r\n", "\n").split("\n")
    text = "\n".join(_fill_in(line, invoice) for line in lines if _has_content(line, invoice))
    body = re.sub(r"\n{3,}", "\n\n", text).strip()
    return clean(_fill_in(template.subject, invoice)), f"{body}\n"


def _has_content(line: str, invoice: Invoice) -> bool:
    names = PLACEHOLDER.findall(line)
    return not names or any(PLACEHOLDERS[name][1](invoice) for name in names)


def _fill_in(text: str, invoice: Invoice) -> str:
    return PLACEHOLDER.sub(lambda found: PLACEHOLDERS[found[1]][1](invoice), text)
