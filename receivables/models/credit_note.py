"""Credit notes: what they credit, line by line, charge by charge, and tax by tax."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from billing_engine.core.money import MOST_PLACES, SUM_DIGITS
from invoices.models import Invoice, InvoiceLine, NumberSeries
from leads.models import Action
from receivables.models.ledger import LedgerDocument
from receivables.models.paper import Paper
from receivables.models.reason import Reason


class CreditNoteQuerySet(models.QuerySet["CreditNote"]):
    """Named filters for credit notes."""

    def issued(self) -> Self:
        return self.filter(state=CreditNote.State.ISSUED)

    def documents(self) -> Self:
        """Return those that are documents of their own, not lines on a later invoice."""
        return self.exclude(state=CreditNote.State.LINE)

    def in_force(self) -> Self:
        """Return what is issued, by itself or with the invoice that carries it."""
        carried = Q(state=CreditNote.State.LINE, carried_by__invoice__state=Invoice.State.ISSUED)
        return self.filter(Q(state=CreditNote.State.ISSUED) | carried)


class CreditNote(models.Model):
    """What we credit of one issued invoice, and why; once issued, it never changes."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        APPROVED = "approved", "Approved"
        ISSUED = "issued", "Issued"
        LINE = "line", "Credit line"  # on a later invoice, with which it is approved and issued

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credit_notes")
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT, db_index=True)
    number = models.CharField(max_length=40, null=True, blank=True, unique=True)
    series = models.ForeignKey(
        NumberSeries, on_delete=models.PROTECT, null=True, blank=True, related_name="credit_notes", db_index=False
    )
    serial = models.PositiveIntegerField(
        null=True, blank=True, help_text="The position in its series; the number is its formatted form."
    )

    reason = models.ForeignKey(Reason, on_delete=models.PROTECT, related_name="credit_notes", db_index=False)
    sentence = models.CharField(max_length=500, help_text="Why, in words that the customer reads.")
    origin = models.CharField(
        max_length=60, blank=True, db_default="", help_text="What it comes from, such as the number of a dispute."
    )

    currency = models.CharField(max_length=3, help_text="That of the invoice.")
    subtotal = models.DecimalField(
        max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, help_text="The sum of its lines, before tax."
    )
    tax = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, help_text="The sum of its taxes.")
    total = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES)

    drafted_at = models.DateTimeField(auto_now_add=True)
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Empty: the engine.",
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    issued_at = models.DateTimeField(null=True, blank=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    issued_on = models.DateField(null=True, blank=True, help_text="The issue date in the customer's time zone.")
    document = models.OneToOneField(
        LedgerDocument,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="credit_note",
        help_text="What it posted when it was issued.",
    )
    paper = models.OneToOneField(
        Paper, on_delete=models.PROTECT, null=True, blank=True, related_name="credit_note", help_text="Its PDF."
    )

    # Deleted with the draft that carries it: then the voided actions wait for their credit again.
    carried_by = models.OneToOneField(
        InvoiceLine,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="carried_credit",
        help_text="The line of a later invoice, if it is not a document of its own.",
    )

    objects = CreditNoteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_credit_note_has_its_number_from_issue_on",
                condition=Q(
                    state="issued",
                    number__isnull=False,
                    series__isnull=False,
                    serial__gte=1,
                    issued_at__isnull=False,
                    issued_on__isnull=False,
                    document__isnull=False,
                    paper__isnull=False,
                )
                | ~Q(state="issued")
                & Q(
                    number=None,
                    series=None,
                    serial=None,
                    issued_at=None,
                    issued_by=None,
                    issued_on=None,
                    document=None,
                    paper=None,
                ),
            ),
            models.UniqueConstraint(name="a_series_gives_each_credit_note_number_once", fields=["series", "serial"]),
            models.CheckConstraint(
                name="a_credit_note_is_approved_before_it_is_issued",
                condition=Q(state__in=["draft", "line"], approved_at=None, approved_by=None)
                | (~Q(state__in=["draft", "line"]) & Q(approved_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="a_credit_note_total_is_lines_plus_tax", condition=Q(total=F("subtotal") + F("tax"))
            ),
            models.CheckConstraint(
                name="a_credit_line_is_on_an_invoice",
                condition=Q(state="line", carried_by__isnull=False) | (~Q(state="line") & Q(carried_by=None)),
            ),
            models.CheckConstraint(name="a_credit_note_credits_something", condition=Q(total__gt=0)),
            models.CheckConstraint(name="a_credit_note_says_why", condition=~Q(sentence="")),
        ]
        indexes = [
            models.Index(F("issued_at").desc(nulls_first=True), F("id").desc(), name="credit_note_latest_first"),
        ]

    def __str__(self) -> str:
        return self.number or f"Credit {'line' if self.carried_by_id else 'note draft'} {self.pk}"


class CreditNoteLine(models.Model):
    """The part of one invoice line that a note credits, before tax."""

    note = models.ForeignKey(CreditNote, on_delete=models.CASCADE, related_name="lines", db_index=False)
    line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="credited")
    amount = models.DecimalField(
        max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, help_text="With the sign of the invoice line."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_credit_note_credits_a_line_once", fields=["note", "line"]),
            models.CheckConstraint(name="a_credited_line_is_not_zero", condition=~Q(amount=0)),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.amount.normalize():f}"


class CreditedCharge(models.Model):
    """A single charge that a note credits, with its share of the line's rounded amount."""

    line = models.ForeignKey(CreditNoteLine, on_delete=models.CASCADE, related_name="charges", db_index=False)
    # The action, which always stays: the charges of an invoice that is voided before the note is issued are written again.
    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="credited")
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_credit_note_credits_a_charge_once", fields=["line", "action"]),
            models.CheckConstraint(name="a_credited_charge_is_above_zero", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return f"Action {self.action_id}: {self.amount.normalize():f}"


class CreditNoteTax(models.Model):
    """A tax that a note credits: a rate of its invoice on the credited lines, rounded once per name and rate."""

    note = models.ForeignKey(CreditNote, on_delete=models.CASCADE, related_name="taxes", db_index=False)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    rate = models.DecimalField(max_digits=7, decimal_places=4, help_text="Percent.")
    base = models.DecimalField(
        max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, help_text="The sum of the credited lines it applies to."
    )
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES)

    class Meta:
        verbose_name_plural = "credit note taxes"
        constraints = [
            models.UniqueConstraint(
                name="a_credit_note_has_one_tax_of_a_name_and_rate", fields=["note", "name", "rate"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.rate.normalize():f}%"
