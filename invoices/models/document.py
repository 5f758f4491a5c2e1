"""PDFs that are stored, and those of invoices."""

from typing import Self, TypeVar

from django.db import models
from django.db.models import Q

from billing_engine.core.queues.items import LeasedItem
from invoices.models.invoice import Invoice

Stored = TypeVar("Stored", bound=models.Model)
SOURCE = "The document's content, if it can no longer be derived from the invoice's charges."


class StoredPdfQuerySet(models.QuerySet[Stored]):
    """Named filters for PDFs."""

    def waiting(self) -> Self:
        return self.filter(state=StoredPdf.State.WAITING)

    def failed(self) -> Self:
        return self.filter(state=StoredPdf.State.FAILED)


class StoredPdf(LeasedItem):
    """What every PDF keeps: requested, rendered by one worker, and stored forever with its digest."""

    class State(models.TextChoices):
        WAITING = "waiting", "Being made"
        KEPT = "kept", "Stored"
        FAILED = "failed", "Could not be made"

    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    requested_at = models.DateTimeField()
    reason = models.TextField(blank=True, help_text="Why it could not be made.")
    content = models.BinaryField(null=True)
    sha256 = models.CharField("digest", max_length=64, blank=True)
    rendered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_kept(self) -> bool:
        """Return whether the PDF is stored."""
        return self.state == self.State.KEPT


def stored_pdf_constraints(what: str) -> list[models.BaseConstraint]:
    """Return the constraints of a table of PDFs, each called `what`."""
    return [
        models.CheckConstraint(
            name=f"a_kept_{what}_has_its_bytes_and_their_digest",
            condition=Q(state="kept", content__isnull=False, rendered_at__isnull=False) & ~Q(sha256="")
            | ~Q(state="kept") & Q(content=None, rendered_at=None, sha256=""),
        ),
        models.CheckConstraint(
            name=f"a_waiting_{what}_has_a_next_attempt",
            condition=Q(state="waiting", next_attempt_at__isnull=False) | ~Q(state="waiting") & Q(next_attempt_at=None),
        ),
        models.CheckConstraint(name=f"a_failed_{what}_says_why", condition=~Q(state="failed") | ~Q(reason="")),
    ]


class InvoiceDocument(StoredPdf):
    """One PDF of an issued or void invoice: requested, rendered by one worker, and stored forever with its digest."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", "Invoice"
        VOID = "void", "Void invoice"

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="documents", db_index=False)
    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.INVOICE)
    replaced_by = models.ForeignKey(
        Invoice,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The replacement invoice that this document names.",
    )
    source = models.JSONField(null=True, blank=True, help_text=SOURCE)

    objects = StoredPdfQuerySet["InvoiceDocument"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="an_invoice_has_each_document_once",
                fields=["invoice", "kind", "replaced_by"],
                nulls_distinct=False,
            ),
            *stored_pdf_constraints("document"),
            models.CheckConstraint(
                name="only_a_void_document_names_a_replacement", condition=Q(replaced_by=None) | Q(kind="void")
            ),
        ]
        indexes = [
            models.Index(name="document_waiting", fields=["next_attempt_at"], condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def file_name(self) -> str:
        """`INV-2026-000012.pdf`, `INV-2026-000012-void.pdf`."""
        return f"{self.invoice}{'-void' if self.kind == self.Kind.VOID else ''}.pdf"
