"""Mail a paper: each request is stored once, and a worker delivers it once the PDF is there."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model, QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.letters.brand import brand_named
from billing_engine.core.letters.letter import Letter, letter_of
from invoices.domain.document.queue import ready
from invoices.domain.mail.delivery import EMAIL_NOT_SENT, EMAIL_SENT
from invoices.domain.mail.queue import MailQueue
from invoices.domain.mail.request import EMAIL_REQUESTED, checked_addresses, checked_text, new_message_id
from invoices.domain.mail.server import check_server
from leads.domain.memberships.emails import money_notes
from receivables.models import Paper, PaperMail


class PaperMails(MailQueue[PaperMail]):
    """The emails with papers to send."""

    task = "receivables.mail"

    def waiting(self) -> QuerySet[PaperMail]:
        return PaperMail.objects.waiting().select_related("paper__customer")

    def document(self, mail: PaperMail) -> Paper:
        return ready(mail.paper)

    def file_name(self, mail: PaperMail) -> str:
        return mail.paper.file_name

    def letter(self, mail: PaperMail) -> Letter:
        return paper_letter(mail.paper, mail.subject, mail.body)

    def ended(self, mail: PaperMail, *, is_complete: bool) -> None:
        after = {"state": mail.state, "accepted": mail.accepted, "rejected": mail.rejected, "because": mail.reason}
        also = [mail.paper, mail.paper.customer]
        record(EMAIL_SENT if is_complete else EMAIL_NOT_SENT, on=mail, by=None, after=after, also=also)


PAPER_MAILS = PaperMails()


def paper_letter(paper: Paper, subject: str, body: str) -> Letter:
    """Return the email of a paper, in the look of the company that the paper names."""
    seller = paper.source["seller"]
    brand = brand_named(seller["name"], email=next(iter(seller["emails"]), ""), address="\n".join(seller["address"]))
    return letter_of(subject, body, brand=brand, notes=money_notes(paper.customer, brand))


@transaction.atomic
def send(
    paper: Paper,
    *,
    to: Sequence[str],
    text: tuple[str, str],
    by: User | None,
    at: datetime,
    request: UUID | None = None,
    about: Sequence[Model] = (),
) -> PaperMail:
    """Request one email with the paper; `text` is its subject and message, `about` the rows that the deed also touches.

    Repeating the same `request` changes nothing and returns the same email. Raises NoMailServer, BadRecipients,
    EmptyEmail or EmailTooLong.
    """
    check_server()
    subject, body = checked_text(*text)
    values = {
        "paper": paper,
        "to": checked_addresses(to),
        "subject": subject,
        "body": body,
        "requested_at": at,
        "requested_by": by,
        "next_attempt_at": at,
        "message_id": new_message_id(),
    }
    mail, is_new = PaperMail.objects.get_or_create(request=request or uuid4(), defaults=values)
    if is_new:
        after = {"to": mail.to, "subject": mail.subject, "message": mail.body}
        record(EMAIL_REQUESTED, on=mail, by=by, after=after, also=[paper, paper.customer, *about])
        PAPER_MAILS.ask_for(mail)
    return mail
