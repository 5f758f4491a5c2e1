"""Files from banks: the upload, the statements in it, their rows, and how a CSV file is to be read."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing_engine.core.money import MOST_PLACES, SUM_DIGITS
from billing_engine.core.queues.items import LeasedItem
from leads.models import Customer
from receivables.models.ledger import LedgerDocument
from receivables.models.payment import BankAccount

BUSY = ("waiting", "booking", "undoing")
GONE = ("failed", "discarded", "undone")


class CsvMapping(models.Model):
    """How the CSV files of one bank are read: which column holds what, and how it writes days and numbers."""

    class DayFormat(models.TextChoices):
        ISO = "%Y-%m-%d", "2026-11-30"
        MONTH_FIRST = "%m/%d/%Y", "11/30/2026"
        DAY_FIRST = "%d/%m/%Y", "30/11/2026"
        DOTS = "%d.%m.%Y", "30.11.2026"
        DOTS_SHORT = "%d.%m.%y", "30.11.26"

    class DecimalMark(models.TextChoices):
        POINT = ".", "1,234.50"
        COMMA = ",", "1.234,50"

    class Encoding(models.TextChoices):
        UTF_8 = "utf-8-sig", "UTF-8"
        LATIN = "cp1252", "Windows (Western European)"

    name = models.CharField(max_length=80, unique=True)
    encoding = models.CharField(max_length=9, choices=Encoding.choices, default=Encoding.UTF_8)
    delimiter = models.CharField(max_length=1, choices=[(",", "Comma"), (";", "Semicolon"), ("\t", "Tab")], default=",")
    day_format = models.CharField("dates look like", max_length=8, choices=DayFormat.choices, default=DayFormat.ISO)
    decimal_mark = models.CharField(
        "amounts look like", max_length=1, choices=DecimalMark.choices, default=DecimalMark.POINT
    )
    day = models.CharField("column of the day", max_length=80)
    amount = models.CharField("column of the amount", max_length=80, help_text="Negative: money that went out.")
    text = models.CharField("column of the reference", max_length=80)
    payer_name = models.CharField("column of the payer's name", max_length=80, blank=True)
    payer_account = models.CharField("column of the payer's account", max_length=80, blank=True)
    bank_reference = models.CharField("column of the bank's reference", max_length=80, blank=True)

    class Meta:
        verbose_name = "CSV mapping"

    def __str__(self) -> str:
        return self.name


class BankFileQuerySet(models.QuerySet["BankFile"]):
    """Queries for bank files."""

    def in_progress(self) -> Self:
        """Those that a worker reads, books or undoes."""
        return self.filter(state__in=BUSY)


class BankFile(LeasedItem):
    """A file from a bank: a worker reads it and matches its rows; once a person confirms, it books what is certain."""

    class State(models.TextChoices):
        WAITING = "waiting", "Reading"
        READY = "ready", "Ready to book"
        BOOKING = "booking", "Booking"
        BOOKED = "booked", "Booked"
        UNDOING = "undoing", "Undoing"
        UNDONE = "undone", "Undone"
        FAILED = "failed", "Refused"
        DISCARDED = "discarded", "Discarded"

    name = models.CharField(max_length=200, help_text="The file's name.")
    body = models.BinaryField(help_text="The file as it was uploaded.")
    sha256 = models.CharField("SHA-256", max_length=64)
    account = models.ForeignKey(
        BankAccount,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="files",
        help_text="For a CSV file, which does not name its account.",
    )
    mapping = models.ForeignKey(CsvMapping, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Who confirmed or undid it.",
    )
    late_on_today = models.BooleanField(
        default=False, help_text="Rows of closed months are posted with today's date; otherwise they stay open."
    )
    rows_done = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True, help_text="Why it was refused, or what the last step left out.")

    objects = BankFileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="a_bank_file_is_read_once",
                fields=["sha256"],
                condition=~Q(state__in=GONE),
            ),
            models.CheckConstraint(name="a_refused_bank_file_says_why", condition=~Q(state="failed") | ~Q(message="")),
            models.CheckConstraint(
                name="a_bank_file_that_waits_says_until_when",
                condition=Q(state__in=BUSY, next_attempt_at__isnull=False)
                | ~Q(state__in=BUSY) & Q(next_attempt_at=None),
            ),
        ]
        indexes = [
            models.Index(name="bank_file_unsettled", fields=["next_attempt_at"], condition=Q(state__in=BUSY)),
        ]

    def __str__(self) -> str:
        return self.name


class BankStatement(models.Model):
    """One statement in a bank file: its account, its number, and balances that its rows must explain."""

    file = models.ForeignKey(BankFile, on_delete=models.PROTECT, related_name="statements")
    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="statements")
    number = models.CharField(max_length=70, help_text="The bank's id of the statement.")
    opening = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, null=True, blank=True)
    closing = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, null=True, blank=True)
    sequence = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="The bank's own count of its statements, which has no gap."
    )
    is_live = models.BooleanField(default=True, help_text="Not discarded or undone.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="a_statement_is_read_once", fields=["account", "number"], condition=Q(is_live=True)
            ),
        ]

    def __str__(self) -> str:
        return f"Statement {self.number}"


class BankRow(models.Model):
    """A row of a bank statement, with the invoices that it seems to pay and how sure that is."""

    class Kind(models.TextChoices):
        PAYMENT = "payment", "Payment"
        RETURN = "return", "Return"
        CHARGE = "charge", "Bank charges"
        OUT = "out", "Money out"

    class Certainty(models.TextChoices):
        CERTAIN = "certain", "Certain"
        LIKELY = "likely", "Likely"
        POSSIBLE = "possible", "Possible"
        NONE = "", "No match"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        BOOKED = "booked", "Booked"
        ASIDE = "aside", "Set aside"

    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, related_name="rows")
    place = models.PositiveIntegerField(help_text="Its place in the statement.")
    booked_on = models.DateField()
    amount = models.DecimalField(
        max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, help_text="Negative: money that went out."
    )
    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=7, choices=Kind.choices)
    payer_name = models.CharField(max_length=140, blank=True)
    payer_account = models.CharField(max_length=34, blank=True)
    text = models.TextField(blank=True, help_text="What the payer wrote.")
    reference = models.CharField(max_length=35, blank=True, help_text="A structured reference, such as RF18…")
    bank_reference = models.CharField(max_length=80, blank=True)
    fingerprint = models.CharField(
        max_length=64, help_text="Of all it says, and of how many equal rows stand before it in the file."
    )
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    certainty = models.CharField(max_length=8, choices=Certainty.choices, blank=True)
    why = models.CharField(max_length=200, blank=True, help_text="What was recognized.")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    items = models.JSONField(default=list, blank=True, help_text="The open items that it seems to pay.")
    document = models.OneToOneField(
        LedgerDocument, on_delete=models.PROTECT, null=True, blank=True, related_name="bank_row"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_place_in_a_statement_has_one_row", fields=["statement", "place"]),
            models.CheckConstraint(
                name="a_booked_row_names_its_document",
                condition=Q(state="booked", document__isnull=False) | (~Q(state="booked") & Q(document=None)),
            ),
        ]
        indexes = [models.Index(name="bank_row_fingerprint", fields=["fingerprint"])]

    def __str__(self) -> str:
        return f"Row {self.place} of {self.statement}"
