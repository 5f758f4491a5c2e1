"""Invoices, their lines and their number series."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Reverse

from billing_engine.core.money import MOST_PLACES, SUM_DIGITS
from leads.models import ActionType, BillingPeriod, Company, Customer, Product
from pricing.models import PriceRule


class NumberSeries(models.Model):
    """The source of numbers, consecutive and without gaps: one series per selling company, year and kind of document."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", "Invoices"
        CREDIT_NOTE = "credit_note", "Credit notes"

    seller = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="Empty: the seller in the settings.",
    )
    year = models.PositiveSmallIntegerField(help_text="The year of the issue date in the customer's time zone.")
    kind = models.CharField(max_length=11, choices=Kind.choices, default=Kind.INVOICE, db_default=Kind.INVOICE)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "number series"
        constraints = [
            models.UniqueConstraint(
                name="a_seller_has_one_number_series_a_year", fields=["seller", "year", "kind"], nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seller.name if self.seller else settings.SELLER['name']}, {self.year}"


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    """Named filters for invoices."""

    def live(self) -> Self:
        """Return invoices that are not void: at most one per period."""
        return self.exclude(state=Invoice.State.VOID)


class Invoice(models.Model):
    """What a customer owes for one billing period; once issued, it never changes and can only be sent or voided."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        APPROVED = "approved", "Approved"
        ISSUED = "issued", "Issued"
        VOID = "void", "Void"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invoices", db_index=False)
    period = models.ForeignKey(BillingPeriod, on_delete=models.PROTECT, related_name="invoices")
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    number = models.CharField(max_length=40, null=True, blank=True, unique=True)
    series = models.ForeignKey(
        NumberSeries, on_delete=models.PROTECT, null=True, blank=True, related_name="invoices", db_index=False
    )
    serial = models.PositiveIntegerField(
        null=True, blank=True, help_text="The position in its series; the number is its formatted form."
    )

    currency = models.CharField(max_length=3)
    subtotal = models.DecimalField(
        max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, default=0, help_text="The sum of the lines."
    )
    tax = models.DecimalField(
        max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, default=0, help_text="The sum of the taxes."
    )
    credit = models.DecimalField(
        max_digits=SUM_DIGITS,
        decimal_places=MOST_PLACES,
        default=0,
        db_default=0,
        help_text="Negative: paid from the customer's credit balance. Positive: carried forward to it.",
    )
    total = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES, default=0)
    tax_exempt_reason = models.CharField(
        max_length=200, blank=True, db_default="", help_text="Why the invoice has no tax."
    )

    created_at = models.DateTimeField(auto_now_add=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    approved_over = models.PositiveIntegerField(
        default=0, db_default=0, help_text="The number of voided actions on it when it was approved anyway."
    )
    approved_over_reason = models.CharField(max_length=200, blank=True, db_default="")
    issued_at = models.DateTimeField(null=True, blank=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    void_reason = models.CharField(max_length=200, blank=True, db_default="")
    issued_on = models.DateField(null=True, blank=True, help_text="The issue date in the customer's time zone.")
    due_on = models.DateField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When it was first sent to the customer.")
    seller = models.JSONField(default=dict, blank=True, help_text="The seller's details at the time of issue.")
    bill_to = models.JSONField(default=dict, blank=True, help_text="The customer's details at the time of issue.")
    unprintable = models.CharField(
        max_length=100,
        blank=True,
        db_default="",
        help_text="Characters in the annex that our fonts do not have, found when the invoice was drafted.",
    )

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="a_period_has_one_invoice_that_is_not_void", fields=["period"], condition=~Q(state="void")
            ),
            models.CheckConstraint(
                name="an_invoice_has_its_number_from_issue_on",
                condition=Q(
                    state__in=["issued", "void"], number__isnull=False, issued_at__isnull=False, due_on__isnull=False
                )
                | Q(state__in=["draft", "approved"], number=None, issued_at=None, sent_at=None),
            ),
            models.UniqueConstraint(name="a_series_gives_each_number_once", fields=["series", "serial"]),
            models.CheckConstraint(
                name="a_number_has_its_place_in_a_series",
                condition=Q(number=None, series=None, serial=None)
                | Q(number__isnull=False, series__isnull=False, serial__gte=1),
            ),
            models.CheckConstraint(
                name="a_void_invoice_says_when_by_whom_and_why",
                condition=(Q(state="void", voided_at__isnull=False, voided_by__isnull=False) & ~Q(void_reason=""))
                | (~Q(state="void") & Q(voided_at=None, voided_by=None, void_reason="")),
            ),
            models.CheckConstraint(
                name="an_invoice_is_approved_before_it_is_issued",
                condition=Q(state="draft", approved_at=None) | (~Q(state="draft") & Q(approved_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="the_issuer_of_an_invoice_never_voids_it",
                condition=Q(voided_by=None) | Q(issued_by=None) | ~Q(voided_by=F("issued_by")),
            ),
            models.CheckConstraint(
                name="what_is_approved_over_voids_says_why",
                condition=Q(approved_over=0, approved_over_reason="")
                | (Q(approved_over__gt=0) & ~Q(approved_over_reason="")),
            ),
            models.CheckConstraint(
                name="an_invoice_total_is_lines_plus_tax_and_credit",
                condition=Q(total=F("subtotal") + F("tax") + F("credit")),
            ),
            models.CheckConstraint(name="an_invoice_total_is_not_negative", condition=Q(total__gte=0)),
            models.CheckConstraint(
                name="what_is_carried_to_the_balance_leaves_nothing_to_pay", condition=Q(credit__lte=0) | Q(total=0)
            ),
        ]
        indexes = [
            models.Index(name="invoice_of_customer", fields=["customer", "created_at"]),
            models.Index(
                F("issued_at").desc(nulls_first=True), F("number").desc(), F("id").desc(), name="invoice_latest_first"
            ),
            # The tabs of the list add up every invoice: from the index alone.
            models.Index(name="invoice_sums", fields=["state", "currency"], include=["total"]),
            # People search for a number by its end, so it is indexed in reverse.
            models.Index(OpClass(Reverse("number"), "text_pattern_ops"), name="invoice_number_end"),
        ]

    def __str__(self) -> str:
        return self.number or f"Draft {self.pk}"


class InvoiceLine(models.Model):
    """A rounded sum of charges of one kind, or what was not charged and why."""

    class Kind(models.TextChoices):
        CHARGES = "charges", "Charges"
        MINIMUM = "minimum", "Monthly minimum"
        ADJUSTMENT = "adjustment", "Adjustment"
        CREDIT = "credit_line", "Credit"
        NOT_CHARGED = "not_charged", "Not charged"

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=11, choices=Kind.choices)
    description = models.CharField(max_length=500)

    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    action_type = models.ForeignKey(
        ActionType, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    rule = models.ForeignKey(
        PriceRule, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=20, blank=True, help_text="Why these actions were not charged.")
    late_from = models.CharField(
        max_length=10,
        blank=True,
        help_text="For late activity: the first day of the week or month in which it occurred.",
    )

    actions = models.PositiveIntegerField(default=0)
    quantity = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=6, default=0)
    unit = models.CharField(max_length=40, blank=True, help_text="The unit of the quantity when the line was drafted.")
    exact_amount = models.DecimalField(
        max_digits=SUM_DIGITS, decimal_places=6, default=0, help_text="The sum before rounding."
    )
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES)
    cut_by_budget = models.DecimalField(
        max_digits=SUM_DIGITS,
        decimal_places=6,
        default=0,
        db_default=0,
        help_text="The amount cut by a hard monthly budget.",
    )
    detail = models.JSONField(default=list, blank=True, help_text="Quantity and amount tier by tier.")
    copied_taxes = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        help_text="Of a credit: its taxes, as the invoice that it corrects had them.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(name="an_invoice_line_has_its_own_position", fields=["invoice", "position"]),
            models.UniqueConstraint(
                name="every_charge_is_on_exactly_one_line",
                fields=["invoice", "kind", "product", "action_type", "rule", "reason", "late_from"],
                condition=~Q(kind__in=["adjustment", "credit_line"]),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="what_is_not_charged_costs_nothing",
                condition=~Q(kind="not_charged") | (Q(amount=0) & ~Q(reason="")),
            ),
            models.CheckConstraint(
                name="a_credit_line_is_below_zero", condition=~Q(kind="credit_line") | Q(amount__lt=0)
            ),
            models.CheckConstraint(
                name="only_a_credit_line_copies_taxes", condition=Q(kind="credit_line") | Q(copied_taxes=[])
            ),
        ]

    def __str__(self) -> str:
        return self.description
