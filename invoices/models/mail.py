"""What customers are written, and every mail that was."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from invoices.models.invoice import Invoice
from leads.models import Customer


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
    subject = models.CharField(max_length=200)
    body = models.TextField("message", max_length=10_000)

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


class InvoiceMail(models.Model):
    """One mail with an invoice's PDF: to whom, when, by whom, what it said, and what came of it."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="mails")
    request = models.UUIDField(unique=True, help_text="Asking with the same one again sends nothing again.")
    to = ArrayField(models.EmailField())
    subject = models.CharField(max_length=400)
    body = models.TextField("message")
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="More than one: a worker ended while it was sending, so it may have arrived twice."
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, help_text="Why it could not be sent.")
    via = models.CharField(max_length=200, blank=True, help_text="The mail server that took it.")
    sha256 = models.CharField("digest", max_length=64, blank=True, help_text="SHA-256 of the PDF that went with it.")

    objects = InvoiceMailQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="a_mail_goes_to_somebody", condition=Q(to__len__gt=0)),
            models.CheckConstraint(
                name="a_settled_mail_says_when",
                condition=Q(state="waiting", settled_at=None) | (~Q(state="waiting") & Q(settled_at__isnull=False)),
            ),
            models.CheckConstraint(name="a_failed_mail_says_why", condition=~Q(state="failed") | ~Q(reason="")),
            models.CheckConstraint(
                name="a_sent_mail_names_its_pdf_and_who_took_it",
                condition=~Q(state="sent") | (~Q(sha256="") & ~Q(via="")),
            ),
        ]
        indexes = [models.Index(name="mail_waiting", fields=["asked_at"], condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"{self.invoice} to {', '.join(self.to)}"
