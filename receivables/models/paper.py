"""What customers get after an invoice: PDFs of credit notes, statements and reminders, and the emails with and without them."""

from typing import Self, TypeVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from invoices.models import (
    Email,
    PdfEmail,
    StoredPdf,
    StoredPdfQuerySet,
    pdf_email_constraints,
    stored_pdf_constraints,
)
from invoices.models.mail import MAX_SUBJECT
from leads.models import Customer, EmailTopic

Claimed = TypeVar("Claimed", bound="ClaimedMail")


class Paper(StoredPdf):
    """One PDF for a customer, other than an invoice: requested with its content, rendered by one worker, and stored forever."""

    class Kind(models.TextChoices):
        CREDIT_NOTE = "credit_note", "Credit note"
        STATEMENT = "statement", "Statement of account"
        REMINDER = "reminder", "Reminder"

    kind = models.CharField(max_length=11, choices=Kind.choices)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="papers", db_index=False)
    file_name = models.CharField(max_length=100)
    source = models.JSONField(help_text="The document's content, as it was when it was requested.")

    objects = StoredPdfQuerySet["Paper"].as_manager()

    class Meta:
        constraints = stored_pdf_constraints("paper")
        indexes = [models.Index(name="paper_waiting", fields=["next_attempt_at"], condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return self.file_name


class PaperMailQuerySet(models.QuerySet["PaperMail"]):
    """Named filters for emails."""

    def waiting(self) -> Self:
        return self.filter(state=PaperMail.State.WAITING)


class PaperMail(PdfEmail):
    """One email with such a PDF: recipients, time, sender, content and outcome."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        PARTLY = "partly", "Partly sent"
        WRITTEN = "written", "Not sent: no mail server"
        FAILED = "failed", "Failed"

    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="mails")
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)

    objects = PaperMailQuerySet.as_manager()

    class Meta(PdfEmail.Meta):
        abstract = False
        verbose_name = "email with a paper"
        verbose_name_plural = "emails with papers"
        constraints = pdf_email_constraints("paper_mail")
        indexes = [models.Index(name="paper_mail_waiting", fields=["next_attempt_at"], condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return self.named(self.paper)


class ClaimedMailQuerySet(models.QuerySet[Claimed]):
    """Named filters for such emails."""

    def waiting(self) -> Self:
        return self.filter(state=ClaimedMail.State.WAITING)

    def told(self) -> Self:
        """Those that the customer has, or may have."""
        return self.filter(Q(state__in=ClaimedMail.TOLD) | Q(is_being_sent=True))


class ClaimedMail(Email):
    """An email that says what is true when it leaves; one with an unknown outcome is perhaps sent, and a person decides."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        PARTLY = "partly", "Partly sent"
        PERHAPS = "perhaps", "Perhaps sent"
        WRITTEN = "written", "Not sent: no mail server"
        DROPPED = "dropped", "Not sent: nothing to tell"
        FAILED = "failed", "Failed"

    TOLD = (State.SENT, State.PARTLY, State.PERHAPS, State.WRITTEN)

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="%(class)ss")
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    message_id = models.CharField(max_length=320, help_text="The same for every attempt.")
    requested_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True, help_text="When a worker last began to send it.")
    addresses = ArrayField(models.EmailField(), default=list, blank=True)
    subject = models.CharField(max_length=MAX_SUBJECT, blank=True)
    body = models.TextField("message", blank=True)
    paper = models.ForeignKey(
        Paper,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The PDF that it carries.",
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Who decided whether it arrived.",
    )

    class Meta(Email.Meta):
        abstract = True

    @property
    def recipients(self) -> list[str]:
        return self.addresses


def claimed_mail_constraints(what: str) -> list[models.BaseConstraint]:
    """Return the constraints of a table of such emails, each called `what`."""
    return [
        models.CheckConstraint(
            name=f"a_settled_{what}_says_when",
            condition=Q(state="waiting", settled_at=None, next_attempt_at__isnull=False)
            | (~Q(state="waiting") & Q(settled_at__isnull=False, next_attempt_at=None)),
        ),
        models.CheckConstraint(
            name=f"a_{what}_that_was_not_sent_says_why", condition=Q(state__in=["waiting", "sent"]) | ~Q(reason="")
        ),
    ]


class TopicEmail(ClaimedMail):
    """One email to one person of a customer about something that happened: a step of a dispute, or a budget reached."""

    topic = models.CharField(max_length=10, choices=EmailTopic.choices)
    about = models.BigIntegerField(help_text="The row that it is about: a dispute's step, or a billing period.")
    percent = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Of the budget.")
    email = models.EmailField(help_text="Whose it is.")

    objects = ClaimedMailQuerySet["TopicEmail"].as_manager()

    class Meta(ClaimedMail.Meta):
        abstract = False
        default_permissions = ("change", "view")
        constraints = [
            models.UniqueConstraint(
                "topic",
                "about",
                "percent",
                Lower("email"),
                name="a_person_is_told_once_of_each_cause",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="a_budget_alert_says_how_much_is_used",
                condition=Q(topic="budget", percent__isnull=False) | (~Q(topic="budget") & Q(percent=None)),
            ),
            *claimed_mail_constraints("topic_email"),
        ]
        indexes = [models.Index(name="topic_email_waiting", fields=["next_attempt_at"], condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"{self.get_topic_display()} to {self.email}"
