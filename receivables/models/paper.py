"""The PDFs that customers get after an invoice: credit notes, statements and reminders, and the emails that carry them."""

from typing import Self

from django.db import models
from django.db.models import Q

from invoices.models import (
    PdfEmail,
    StoredPdf,
    StoredPdfQuerySet,
    pdf_email_constraints,
    stored_pdf_constraints,
)
from leads.models import Customer


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
