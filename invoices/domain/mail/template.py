"""What a mail template may name, and how it becomes a mail."""

import re
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.errors import HasFaults, Refused
from billing_engine.core.money import in_words
from billing_engine.core.validation import row_faults
from invoices.domain.wording import clean, lines_of
from invoices.models import Invoice, MailTemplate
from invoices.models.mail import MOST_MESSAGE, MOST_SUBJECT

MOST_CHARACTERS = {"subject": MOST_SUBJECT, "message": MOST_MESSAGE}
Says = Callable[[Invoice], str]
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def _of(party: str, name: str) -> Says:
    def says(invoice: Invoice) -> str:
        details: dict[str, Any] = getattr(invoice, party)
        return "\n".join(lines_of(str(details.get(name, ""))))

    return says


# Name: what it stands for, and how an issued invoice says it. There are no others, and nothing in a template computes.
PLACEHOLDERS: dict[str, tuple[str, Says]] = {
    "number": ("the invoice's number", lambda invoice: invoice.number or ""),
    "customer": ("the customer's legal name", _of("bill_to", "name")),
    "period": ("the month or the days that are billed", lambda invoice: invoice.period.in_words),
    "total": ("what is to be paid", lambda invoice: f"{in_words(invoice.total, invoice.currency)} {invoice.currency}"),
    "issued_on": ("the day of issue", lambda invoice: day_in_words(invoice.issued_on) if invoice.issued_on else ""),
    "due_on": ("the day it is due", lambda invoice: day_in_words(invoice.due_on) if invoice.due_on else ""),
    "purchase_order": ("the customer's order number", _of("bill_to", "purchase_order")),
    "pay_to": ("how to pay", _of("seller", "pay_to")),
    "seller": ("the name of our company", _of("seller", "name")),
    "seller_email": ("whom to write to about it", _of("seller", "email")),
}


# As the first migration of mails wrote it; it says what is said where nobody keeps a template.
STANDARD = MailTemplate(
    subject="Invoice {number} from {seller}",
    body="Dear {customer},\n\nplease find attached our invoice {number} for {period}.\n\nTotal due: {total}\n"
    "Due date: {due_on}\n\n{pay_to}\n\n{seller}\n",
)


class BadTemplate(Refused):
    """A template names what there is not."""

    code = "bad_mail_template"


def check_template(text: str) -> None:
    """Raise BadTemplate where the text names what no mail can say, or has a brace that belongs to no name."""
    unknown = sorted({name for name in PLACEHOLDER.findall(text) if name not in PLACEHOLDERS})
    if unknown:
        names = ", ".join(f"{{{name}}}" for name in unknown)
        raise BadTemplate(f"There is no {names}. There are: {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}.")
    if re.search(r"[{}]", PLACEHOLDER.sub("", text)):
        raise BadTemplate("A brace stands alone: a name is written between two of them, such as {number}.")


@transaction.atomic
def save_template(template: MailTemplate) -> MailTemplate:
    """Store a template, new or changed. Raises BadTemplate, or HasFaults where it is longer than a mail may be."""
    for text in (template.subject, template.body):
        check_template(text)
    if faults := row_faults(template):
        raise HasFaults(faults)
    template.save()
    return template


def written(invoice: Invoice) -> tuple[str, str]:
    """Subject and message for an issued invoice, by its customer's own template or the one for all."""
    templates = MailTemplate.objects.filter(Q(customer=invoice.customer_id) | Q(customer=None))
    return filled(templates.order_by(F("customer").asc(nulls_last=True)).first() or STANDARD, invoice)


def filled(template: MailTemplate, invoice: Invoice) -> tuple[str, str]:
    """The template's subject and message with the invoice's facts; a line whose names all say nothing is left out."""
    lines = template.body.replace("\r\n", "\n").split("\n")
    told = "\n".join(_filled(line, invoice) for line in lines if _says_something(line, invoice))
    body = re.sub(r"\n{3,}", "\n\n", told).strip()
    return clean(_filled(template.subject, invoice)), f"{body}\n"


def _says_something(line: str, invoice: Invoice) -> bool:
    names = PLACEHOLDER.findall(line)
    return not names or any(PLACEHOLDERS[name][1](invoice) for name in names)


def _filled(text: str, invoice: Invoice) -> str:
    return PLACEHOLDER.sub(lambda found: PLACEHOLDERS[found[1]][1](invoice), text)
