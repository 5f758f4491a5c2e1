"""Invoice emails and their templates."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q

from billing_engine.core.queues.items import LeasedItem
from invoices.models.invoice import Invoice
from leads.models import Customer

MAX_SUBJECT, MAX_MESSAGE = 400, 20_000  # characters


class MailTemplate(models.Model):
    """The subject and message of invoice emails: one template for all customers, and custom ones for some."""

    customer = models.OneToOneField(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="mail_template",
        help_text="Empty: used for every customer without a custom template.",
    )
    subject = models.CharField(max_length=MAX_SUBJECT)
    body = models.TextField("message", max_length=MAX_MESSAGE)

    class Meta:
        verbose_name = "email template"
        constraints = [
            models.UniqueConstraint(name="a_customer_has_one_mail_template", fields=["customer"], nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return str(self.customer) if self.customer else "All customers"


class Email(LeasedItem):
    """What every email keeps of its way to the mail server: the replies by address, and how it ended."""

    # States of every email.
    SENT, PARTLY, WAITING, WRITTEN, FAILED = "sent", "partly", "waiting", "written", "failed"

    state: "models.CharField[str, str]"
    interrupted = models.PositiveSmallIntegerField(
        default=0, help_text="Attempts that ended with their worker or with an error of the program."
    )
    is_being_sent = models.BooleanField(default=False)
    accepted = ArrayField(
        models.EmailField(), default=list, blank=True, help_text="The addresses that the server accepted."
    )
    rejected = models.JSONField(
        default=dict,
        blank=True,
        help_text="The addresses that the server permanently rejected, each with the server's reply.",
    )
    may_have_arrived = models.BooleanField(
        default=False,
        help_text="The connection or the worker ended when the server may already have received the email.",
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, help_text="Why it was not sent, or not yet.")
    via = models.CharField(max_length=200, blank=True, help_text="The mail server that received it.")

    class Meta:
        abstract = True

    @property
    def recipients(self) -> list[str]:
        """Return all its addresses."""
        raise NotImplementedError

    @property
    def pending_addresses(self) -> list[str]:
        """Return the addresses that are neither accepted nor permanently rejected."""
        return [each for each in self.recipients if each not in self.accepted and each not in self.rejected]

    @property
    def outcome(self) -> str:
        """Return the outcome in words: `Sent`, `Sent to 1 of 2`, `Waiting for a retry`, `Failed; may have arrived`."""
        if self.state == self.PARTLY:
            outcome = f"Sent to {len(self.accepted)} of {len(self.recipients)}"
        elif self.state == self.WAITING and self.attempts:
            outcome = "Being sent" if self.is_being_sent else "Waiting for a retry"
        else:
            outcome = self.get_state_display()
        return f"{outcome}; may have arrived" if self.may_have_arrived and self.state != self.SENT else outcome

    def get_state_display(self) -> str:
        """Return the state in words; Django replaces it where the field is."""
        raise NotImplementedError


class PdfEmail(Email):
    """What every email with a PDF keeps: recipients, time, sender and content."""

    request = models.UUIDField(unique=True, help_text="Identifies the request: repeating it sends nothing twice.")
    message_id = models.CharField(
        max_length=320,
        default="",
        help_text="The same for every attempt, so that email programs recognize a second copy.",
    )
    to = ArrayField(models.EmailField())
    subject = models.CharField(max_length=MAX_SUBJECT)
    body = models.TextField("message")
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    sha256 = models.CharField("digest", max_length=64, blank=True, help_text="SHA-256 of the attached PDF.")

    class Meta(Email.Meta):
        abstract = True

    @property
    def recipients(self) -> list[str]:
        return self.to

    @property
    def missing_addresses(self) -> list[str]:
        """Return the addresses that are not accepted."""
        return [address for address in self.to if address not in self.accepted]

    def named(self, what: object) -> str:
        """Return, for example, `INV-2026-000012 to books@ash.example and 2 more`."""
        others = f" and {len(self.to) - 1} more" if len(self.to) > 1 else ""
        return f"{what} to {self.to[0]}{others}"


def pdf_email_constraints(what: str) -> list[models.BaseConstraint]:
    """Return the constraints of a table of emails, each called `what`."""
    return [
        models.CheckConstraint(name=f"a_{what}_has_a_recipient", condition=Q(to__len__gt=0)),
        models.CheckConstraint(
            name=f"a_settled_{what}_says_when",
            condition=Q(state="waiting", settled_at=None, next_attempt_at__isnull=False)
            | (~Q(state="waiting") & Q(settled_at__isnull=False, next_attempt_at=None)),
        ),
        models.CheckConstraint(
            name=f"a_failed_{what}_says_why", condition=Q(state__in=["waiting", "sent"]) | ~Q(reason="")
        ),
        models.CheckConstraint(
            name=f"a_sent_{what}_names_its_pdf_and_server",
            condition=~Q(state__in=["sent", "partly"]) | (~Q(sha256="") & ~Q(via="") & Q(accepted__len__gt=0)),
        ),
    ]


class InvoiceMailQuerySet(models.QuerySet["InvoiceMail"]):
    """Named filters for emails."""

    def waiting(self) -> Self:
        return self.filter(state=InvoiceMail.State.WAITING)

    def needing_attention(self) -> Self:
        """Return emails that failed for some or all addresses, if no newer email of the invoice exists."""
        later = InvoiceMail.objects.filter(invoice=OuterRef("invoice"), pk__gt=OuterRef("pk"))
        failed = Q(state__in=(InvoiceMail.State.FAILED, InvoiceMail.State.PARTLY))
        return self.filter(failed, ~Exists(later)).exclude(invoice__state=Invoice.State.VOID)


class InvoiceMail(PdfEmail):
    """One email with an invoice's PDF: recipients, time, sender, content and outcome."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        PARTLY = "partly", "Partly sent"
        WRITTEN = "written", "Not sent: no mail server"
        FAILED = "failed", "Failed"
        VOID = "void", "Not sent: void"

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="mails")
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)

    objects = InvoiceMailQuerySet.as_manager()

    class Meta(PdfEmail.Meta):
        abstract = False
        verbose_name = "invoice email"
        constraints = pdf_email_constraints("mail")
        indexes = [models.Index(name="mail_waiting", fields=["next_attempt_at"], condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return self.named(self.invoice)
