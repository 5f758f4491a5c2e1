"""Preview every kind of email to customers, with the latest rows, as HTML on a phone and a desk and as text. Nothing is sent."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminSelectWidget

from billing_engine.accounts.login.reset_mail import reset_letter
from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.letters.letter import Letter
from billing_engine.core.letters.parts import text_of
from invoices.domain.mail.delivery import invoice_letter
from invoices.domain.mail.template import email_text
from invoices.models import Invoice
from leads.domain.brand import brand_of, brand_of_seller
from leads.domain.memberships.emails import Reader
from leads.domain.memberships.invitations import invitation_letter
from leads.models import Company, EmailTopic, MemberInvitation
from receivables.domain.credit_notes.sending import text_of as text_of_note
from receivables.domain.disputes import telling
from receivables.domain.papers.handing import claimed_letter
from receivables.domain.papers.mail import paper_letter
from receivables.domain.reminders.letter import letter_of
from receivables.domain.reminders.owed import owed_by
from receivables.models import CreditNote, Reminder, ReminderSchedule, StatementMail, TopicEmail
from receivables.models import DisputeStep as Steps
from receivables.models.paper import ClaimedMail
from reports.domain.alerts.budget import STEPS

NEEDS = ("invoices.view_invoicemail", "receivables.view_topicemail")
READER, LINK = "imo@customer.example", "https://portal.example/link"
Step = Steps.Kind


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of email; `latest` returns None while there is no row to show it with."""

    name: str
    latest: Callable[[], Letter | None]


def _invoice() -> Letter | None:
    found = Invoice.objects.filter(state=Invoice.State.ISSUED).select_related("customer", "period")
    invoice = found.order_by("-issued_at").first()
    return invoice_letter(invoice, *email_text(invoice)) if invoice else None


def _credit_note() -> Letter | None:
    found = CreditNote.objects.filter(state=CreditNote.State.ISSUED).select_related("invoice__customer", "paper")
    note = found.order_by("-issued_at").first()
    return paper_letter(note.paper, *text_of_note(note)) if note and note.paper else None


def _statement() -> Letter | None:
    """A statement says what it said when it left."""
    mail = StatementMail.objects.exclude(body="").select_related("customer", "seller").order_by("-pk").first()
    return _claimed(mail, mail.seller, EmailTopic.STATEMENTS if mail.month else None) if mail else None


def _reminder(level: int) -> Callable[[], Letter | None]:
    """One says what it said when it left; before that, what it would say to the first customer who owes."""

    def latest() -> Letter | None:
        sent = Reminder.objects.filter(level=level).exclude(body="").select_related("customer", "run__seller")
        mail = sent.order_by("-pk").first()
        return _claimed(mail, mail.run.seller, None) if mail else _first_reminder(level)

    return latest


def _first_reminder(level: int) -> Letter | None:
    schedules = ReminderSchedule.objects.filter(level=level, is_active=True).select_related("seller")
    for schedule in schedules.prefetch_related("texts"):
        if owed := next(owed_by(schedule.seller, at=now()), None):
            brand = brand_of_seller(schedule.seller, owed.customer.today)
            subject, body = letter_of(owed, schedule, at=now())
            return claimed_letter(owed.customer, subject, body, brand=brand, reader=None)
    return None


def _claimed(mail: ClaimedMail, seller: Company | None, topic: EmailTopic | None) -> Letter:
    brand = brand_of_seller(seller, mail.customer.today)
    reader = Reader(mail.customer, next(iter(mail.addresses), ""), topic) if topic else None
    return claimed_letter(mail.customer, mail.subject, mail.body, brand=brand, reader=reader)


def _step(kind: Step) -> Callable[[], Letter | None]:
    def latest() -> Letter | None:
        step = Steps.objects.filter(kind=kind).select_related(*telling.RELATED).order_by("-pk").first()
        if step is None:
            return None
        customer, found = step.dispute.customer, telling.written_of(step)
        reader = Reader(customer, READER, EmailTopic.DISPUTES)
        brand = brand_of(customer)
        return claimed_letter(customer, found.subject, text_of(found.parts), brand=brand, reader=reader)

    return latest


def _budget(percent: int) -> Callable[[], Letter | None]:
    def latest() -> Letter | None:
        sent = TopicEmail.objects.filter(topic=EmailTopic.BUDGET, percent=percent).exclude(body="")
        mail = sent.select_related("customer").order_by("-pk").first()
        if mail is None:
            return None
        seller = mail.customer.terms.on(mail.customer.today).seller
        return _claimed(mail, seller, EmailTopic.BUDGET)

    return latest


def _invitation() -> Letter | None:
    found = MemberInvitation.objects.select_related("customer", "invited_by").order_by("-pk").first()
    return invitation_letter(found, link=LINK) if found else None


def _password() -> Letter:
    return reset_letter(name=READER, link=LINK, at_portal=True)


def kinds() -> dict[str, Kind]:
    """Return every kind of email by its code in the address."""
    levels = sorted({*ReminderSchedule.objects.values_list("level", flat=True)})
    return {
        "invoice": Kind("Invoice", _invoice),
        "credit-note": Kind("Credit note", _credit_note),
        "statement": Kind("Statement of account", _statement),
        **{f"reminder-{level}": Kind(f"Reminder, level {level}", _reminder(level)) for level in levels},
        **{
            f"dispute-{code}": Kind(f"Dispute: {Step(code).label.lower()}", _step(Step(code)))
            for code in telling.LETTERS
        },
        **{f"budget-{percent}": Kind(f"Budget: {percent}% used", _budget(percent)) for percent in STEPS},
        "invitation": Kind("Invitation to the portal", _invitation),
        "password": Kind("New password", _password),
    }


class KindForm(forms.Form):
    """Which kind."""

    def __init__(self, found: dict[str, Kind], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        names = [(code, kind.name) for code, kind in found.items()]
        self.fields["kind"] = forms.ChoiceField(label="Email", choices=names, widget=UnfoldAdminSelectWidget)


@needs(*NEEDS)
def preview_page(request: HttpRequest) -> HttpResponse:
    """Show one kind."""
    found = kinds()
    code = request.GET.get("kind", "")
    code = code if code in found else "invoice"
    letter = found[code].latest()
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Email previews",
        "form": KindForm(found, data={"kind": code}),
        "kind": found[code],
        "letter": letter,
    }
    return render(request, "portal/email_previews.html", context)


page_at("emails/previews/", preview_page, name="email_previews")
in_menu("Billing", 25, Item("Email previews", "preview", "admin:email_previews", *NEEDS))
