"""The double-entry ledger: documents with their postings, and allocations between open items."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from billing_engine.core.money import MOST_PLACES, SUM_DIGITS
from invoices.models import Invoice
from leads.models import Company, Customer


class LedgerDocument(models.Model):
    """A business event that moves money between accounts; if it touches what a customer owes, it is an open item."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", "Invoice"
        VOID = "void", "Void of an invoice"
        CREDIT_NOTE = "credit_note", "Credit note"
        PAYMENT = "payment", "Payment"
        RETURN = "return", "Returned payment"
        REFUND = "refund", "Refund"
        WRITE_OFF = "write_off", "Write-off"
        PAYOUT = "payout", "Payout"

    class Side(models.TextChoices):
        DEBIT = "debit", "Owed to us"
        CREDIT = "credit", "In the customer's favor"
        NONE = "", "Neither"

    kind = models.CharField(max_length=11, choices=Kind.choices)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="ledger_documents", db_index=False)
    seller = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Empty: the seller in the settings.",
    )
    currency = models.CharField(max_length=3)
    side = models.CharField(max_length=6, choices=Side.choices, blank=True)
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, help_text="Never negative.")
    reference = models.CharField(max_length=140, help_text="Its number, or the payer's words.")
    posted_on = models.DateField(help_text="The day in the books; never in a closed month.")
    due_on = models.DateField(null=True, blank=True, help_text="Empty: the day in the books.")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    invoice = models.ForeignKey(
        Invoice,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="ledger_documents",
        help_text="For an invoice, and for its void.",
    )

    left: Decimal  # set by the queries of open items

    class Meta:
        constraints = [
            models.CheckConstraint(name="a_document_is_never_negative", condition=Q(amount__gte=0)),
            models.CheckConstraint(
                name="invoices_and_voids_name_their_invoice",
                condition=Q(kind__in=["invoice", "void"], invoice__isnull=False)
                | (~Q(kind__in=["invoice", "void"]) & Q(invoice=None)),
            ),
            models.UniqueConstraint(name="an_invoice_is_issued_once_and_voided_once", fields=["invoice", "kind"]),
            models.CheckConstraint(
                name="a_document_stands_on_the_side_of_its_kind",
                condition=Q(kind__in=["return", "refund"], side="debit")
                | Q(kind__in=["credit_note", "payment"], side="credit")
                | Q(kind="payout", side="")
                | Q(kind__in=["invoice", "void", "write_off"], side__in=["debit", "credit"]),
            ),
        ]
        indexes = [models.Index(name="document_of_customer", fields=["customer", "currency", "posted_on", "id"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.reference}"


class Posting(models.Model):
    """An amount that a document moves into an account (positive, a debit) or out of it (negative, a credit)."""

    class Account(models.TextChoices):
        RECEIVABLE = "receivable", "Receivable"
        REVENUE = "revenue", "Revenue"
        TAX = "tax", "Tax"
        CASH = "cash", "Cash"
        TRANSIT = "transit", "Money in transit"
        FEES = "fees", "Payment fees"
        BAD_DEBT = "bad_debt", "Bad debt"

    document = models.ForeignKey(LedgerDocument, on_delete=models.PROTECT, related_name="postings")
    account = models.CharField(max_length=10, choices=Account.choices)
    tax = models.CharField(max_length=60, blank=True, help_text="The name and rate of the tax.")
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES)

    class Meta:
        constraints = [
            models.CheckConstraint(name="a_posting_moves_something", condition=~Q(amount=0)),
            models.CheckConstraint(
                name="only_a_tax_posting_names_a_tax",
                condition=(Q(account="tax") & ~Q(tax="")) | (~Q(account="tax") & Q(tax="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_account_display()} {self.amount.normalize():f}"


class Allocation(models.Model):
    """A credit item matched to a debit item, on a day; it posts nothing, and a second row takes it back."""

    # Whose it is, and when its debit item is due, stand here once more, so that ageing adds up without looking up both
    # items of each match. Neither items nor allocations ever change, and a trigger compares them when one is written.
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    seller = models.ForeignKey(
        Company, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    currency = models.CharField(max_length=3)
    due_on = models.DateField(help_text="The due day of the debit item; without one, its day in the books.")
    credit = models.ForeignKey(LedgerDocument, on_delete=models.PROTECT, related_name="allocations_made")
    debit = models.ForeignKey(LedgerDocument, on_delete=models.PROTECT, related_name="allocations_received")
    amount = models.DecimalField(
        max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, help_text="Negative: takes back another allocation."
    )
    takes_back = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="taken_back_by"
    )
    posted_on = models.DateField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="an_allocation_matches_or_takes_back",
                condition=Q(takes_back=None, amount__gt=0) | Q(takes_back__isnull=False, amount__lt=0),
            ),
            models.CheckConstraint(name="an_item_is_never_matched_to_itself", condition=~Q(credit=F("debit"))),
        ]
        indexes = [models.Index(name="allocation_of_customer", fields=["customer"])]

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} of {self.credit} to {self.debit}"
