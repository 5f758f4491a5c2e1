"""What customers are written, and every mail that was."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q

from billing_engine.core.queues.items import LeasedItem
from invoices.models.invoice import Invoice
from leads.models import Customer

MOST_SUBJECT, MOST_MESSAGE = 400, 20_000  # characters, wherever a mail is written


class MailTemplate(models.Model):
    """What an invoice's mail says: one for all customers, and for some their own."""

    customer = models.OneToOneField(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="mail_template",
        help_text="Empty: for every customer that has none of its own.",
    )
    subject = models.CharField(max_length=MOST_SUBJECT)
    body = models.TextField("message", max_length=MOST_MESSAGE)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_customer_has_one_mail_template", fields=["customer"], nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return str(self.customer) if self.customer else "All customers"


class InvoiceMailQuerySet(models.QuerySet["InvoiceMail"]):
    """Mails, asked for in English."""

    def waiting(self) -> Self:
        return self.filter(state=InvoiceMail.State.WAITING)

    def a_persons_turn(self) -> Self:
        """Not sent, or not to all, and no later mail of the invoice was made since."""
        later = InvoiceMail.objects.filter(invoice=OuterRef("invoice"), pk__gt=OuterRef("pk"))
        failed = Q(state__in=(InvoiceMail.State.FAILED, InvoiceMail.State.PARTLY))
        return self.filter(failed, ~Exists(later)).exclude(invoice__state=Invoice.State.VOID)


class InvoiceMail(LeasedItem):
    """One mail with an invoice's PDF: to whom, when, by whom, what it said, and what came of it."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        PARTLY = "partly", "Sent in part"
        WRITTEN = "written", "Not sent: no mail server"
        FAILED = "failed", "Failed"
        VOID = "void", "Not sent: void"

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="mails")
    request = models.UUIDField(unique=True, help_text="Asking with the same one again sends nothing again.")
    message_id = models.CharField(
        max_length=320, default="", help_text="The same for every attempt, so that a mail program knows a second copy."
    )
    to = ArrayField(models.EmailField())
    subject = models.CharField(max_length=MOST_SUBJECT)
    body = models.TextField("message")
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    interrupted = models.PositiveSmallIntegerField(
        default=0, help_text="Attempts whose worker ended before it could say more."
    )
    is_being_sent = models.BooleanField(default=False)
    taken = ArrayField(models.EmailField(), default=list, blank=True, help_text="The addresses the server took it for.")
    refused = models.JSONField(
        default=dict, blank=True, help_text="The addresses the server refused for good, each with its words."
    )
    may_have_arrived = models.BooleanField(
        default=False, help_text="The connection broke, or a worker ended, when the server may have had all of it."
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, help_text="Why it could not be sent, or not yet.")
    via = models.CharField(max_length=200, blank=True, help_text="The mail server it was handed to.")
    sha256 = models.CharField("digest", max_length=64, blank=True, help_text="SHA-256 of the PDF that went with it.")

    objects = InvoiceMailQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="a_mail_goes_to_somebody", condition=Q(to__len__gt=0)),
            models.CheckConstraint(
                name="a_settled_mail_says_when",
                condition=Q(state="waiting", settled_at=None, next_attempt_at__isnull=False)
                | (~Q(state="waiting") & Q(settled_at__isnull=False, next_attempt_at=None)),
            ),
            models.CheckConstraint(
                name="a_failed_mail_says_why", condition=Q(state__in=["waiting", "sent"]) | ~Q(reason="")
            ),
            models.CheckConstraint(
                name="a_sent_mail_names_its_pdf_and_who_took_it",
                condition=~Q(state__in=["sent", "partly"]) | (~Q(sha256="") & ~Q(via="") & Q(taken__len__gt=0)),
            ),
        ]
        indexes = [models.Index(name="mail_waiting", fields=["next_attempt_at"], condition=Q(state="waiting"))]

    def __str__(self) -> str:
        others = f" and {len(self.to) - 1} more" if len(self.to) > 1 else ""
        return f"{self.invoice} to {self.to[0]}{others}"

    @property
    def waiting_for(self) -> list[str]:
        """The addresses that no server has taken it for, nor refused for good."""
        return [address for address in self.to if address not in self.taken and address not in self.refused]

    @property
    def without_it(self) -> list[str]:
        """The addresses that no server has taken it for."""
        return [address for address in self.to if address not in self.taken]

    @property
    def outcome(self) -> str:
        """`Sent`, `Sent to 1 of 2`, `Waiting: attempt 3`, `Failed, may have arrived`."""
        if self.state == self.State.PARTLY:
            words = f"Sent to {len(self.taken)} of {len(self.to)}"
        elif self.state == self.State.WAITING and self.attempts:
            words = "Being sent" if self.is_being_sent else "Waiting to be tried again"
        else:
            words = self.get_state_display()
        return f"{words}; may have arrived" if self.may_have_arrived and self.state != self.State.SENT else words
