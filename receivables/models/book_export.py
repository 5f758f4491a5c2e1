"""Exports to the books: files for accounting systems, each kept with its bytes."""

from typing import Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from billing_engine.core.queues.items import LeasedItem
from leads.models import Company, Product
from receivables.models.ledger import LedgerDocument

UNFINISHED = ("waiting", "running")


class BookExportQuerySet(models.QuerySet["BookExport"]):
    """Named filters for exports to the books."""

    def unfinished(self) -> Self:
        return self.filter(state__in=UNFINISHED)

    def of(self, *, kind: str, seller: Company | None, month: str) -> Self:
        """Those of one kind, company and month."""
        return self.filter(kind=kind, month=month, **{"seller": seller} if seller else {"seller__isnull": True})


class BookExport(LeasedItem):
    """One file for an accounting system: asked for by a person, written by a worker, and kept byte for byte."""

    class Kind(models.TextChoices):
        GENERAL_LEDGER = "general_ledger", "General ledger"
        QUICKBOOKS_INVOICES = "quickbooks_invoices", "QuickBooks Online invoices"
        QUICKBOOKS_CREDIT_NOTES = "quickbooks_credit_notes", "QuickBooks Online credit notes"
        XERO_INVOICES = "xero_invoices", "Xero invoices"
        XERO_CREDIT_NOTES = "xero_credit_notes", "Xero credit notes"
        NETSUITE = "netsuite", "NetSuite journal"
        ACCRUAL = "accrual", "Accrual of unbilled activity"
        NUMBERS = "numbers", "Number register"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Ready"
        FAILED = "failed", "Failed"

    kind = models.CharField(max_length=23, choices=Kind.choices)
    seller = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name="company",
        help_text="Empty: the seller in the settings.",
    )
    month = models.CharField(max_length=7, help_text="The month of the books, such as 2026-10.")
    as_of = models.DateField(null=True, blank=True, help_text="For an accrual: the day at whose end it was unbilled.")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name="made by"
    )
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    total = models.PositiveIntegerField(default=0, help_text="How many documents it is to have.")
    written = models.PositiveIntegerField(default=0, help_text="How many documents were written so far.")
    reason = models.TextField(blank=True, help_text="Why it failed.")
    finished_at = models.DateTimeField(null=True, blank=True)
    file_name = models.CharField(max_length=120, blank=True)
    content = models.BinaryField(null=True, blank=True, help_text="The file.")
    sha256 = models.CharField("digest", max_length=64, blank=True, help_text="SHA-256 of the file.")
    rows = models.PositiveIntegerField(default=0)
    sums = models.JSONField(
        default=dict, blank=True, help_text="By currency, the sum that the file and the ledger agree on."
    )

    objects = BookExportQuerySet.as_manager()

    class Meta:
        verbose_name = "export to the books"
        verbose_name_plural = "exports to the books"
        constraints = [
            models.UniqueConstraint(
                name="one_export_to_the_books_at_a_time",
                fields=["kind", "seller", "month"],
                condition=Q(state__in=UNFINISHED),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="an_unfinished_export_to_the_books_is_due",
                condition=Q(state__in=UNFINISHED, next_attempt_at__isnull=False, finished_at=None)
                | ~Q(state__in=UNFINISHED) & Q(next_attempt_at=None, finished_at__isnull=False),
            ),
            models.CheckConstraint(
                name="an_export_to_the_books_has_its_file_once_it_is_ready",
                condition=Q(state="done", content__isnull=False) & ~Q(file_name="") & ~Q(sha256="")
                | ~Q(state="done") & Q(content=None, file_name="", sha256=""),
            ),
            models.CheckConstraint(
                name="a_failed_export_to_the_books_says_why", condition=~Q(state="failed") | ~Q(reason="")
            ),
            models.CheckConstraint(
                name="only_an_accrual_has_a_day",
                condition=Q(kind="accrual", as_of__isnull=False) | (~Q(kind="accrual") & Q(as_of=None)),
            ),
        ]
        indexes = [
            models.Index(name="book_export_unfinished", fields=["next_attempt_at"], condition=Q(state__in=UNFINISHED)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.company_name}, {self.as_of or self.month}"

    @property
    def company_name(self) -> str:
        """The name of the company whose books they are."""
        return self.seller.name if self.seller else str(settings.SELLER["name"])

    @property
    def is_unfinished(self) -> bool:
        """Whether a worker still has to write it, or is writing it."""
        return self.state in UNFINISHED


class ExportedDocument(models.Model):
    """A document of the ledger that an export to the books has; no later export of that kind has it again."""

    export = models.ForeignKey(BookExport, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=23, choices=BookExport.Kind.choices)
    document = models.ForeignKey(LedgerDocument, on_delete=models.PROTECT, related_name="exported")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_document_is_exported_once_to_books_of_a_kind", fields=["document", "kind"]),
        ]

    def __str__(self) -> str:
        return f"{self.document} in {self.export}"


CODE = RegexValidator(r"\S", "Enter the account as your accounting system has it.")


class AccountMapping(models.Model):
    """The account in a company's accounting system for an account of the ledger, a tax or a product's revenue."""

    class Account(models.TextChoices):
        RECEIVABLE = "receivable", "Receivable"
        REVENUE = "revenue", "Revenue"
        TAX = "tax", "Tax"
        CASH = "cash", "Cash"
        TRANSIT = "transit", "Money in transit"
        FEES = "fees", "Payment fees"
        BAD_DEBT = "bad_debt", "Bad debt"
        UNBILLED = "unbilled", "Unbilled receivables"

    seller = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="account_mappings",
        db_index=False,
        verbose_name="company",
        help_text="Empty: the seller in the settings.",
    )
    account = models.CharField("ledger account", max_length=10, choices=Account.choices)
    tax = models.CharField(
        max_length=60, blank=True, help_text="For a tax: its name and rate as on invoices, such as VAT 20%."
    )
    product = models.ForeignKey(
        Product,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="For revenue of one product. Empty: all other revenue.",
    )
    code = models.CharField(
        "account in your books", max_length=60, validators=[CODE], help_text="Its code or name there, such as 4000."
    )
    tax_code = models.CharField(
        "tax code in your books",
        max_length=60,
        blank=True,
        help_text=(
            "For a tax: what QuickBooks or Xero call it, such as 20% (VAT on Income). For revenue: what they call sales"
            " without tax."
        ),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="an_account_has_one_place_in_a_companys_books",
                fields=["seller", "account", "tax", "product"],
                nulls_distinct=False,
                violation_error_message="This company already has an account for it.",
            ),
            models.CheckConstraint(
                name="only_a_tax_account_names_a_tax",
                condition=(Q(account="tax") & ~Q(tax="")) | (~Q(account="tax") & Q(tax="")),
                violation_error_message="Name the tax for a tax account, and only there.",
            ),
            models.CheckConstraint(
                name="only_a_revenue_account_names_a_product",
                condition=Q(product=None) | Q(account="revenue"),
                violation_error_message="Only revenue can have an account per product.",
            ),
        ]

    def __str__(self) -> str:
        of = self.tax or (str(self.product) if self.product else "")
        return f"{self.get_account_display()}{f' of {of}' if of else ''}: {self.code}"
