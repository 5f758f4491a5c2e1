"""The terms agreed with a customer, from a first day on."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import BooleanField, F, Func, Q

from billing_engine.core.domains import validate_domain
from billing_engine.core.money import MOST_PLACES, fits, in_words, no_fraction_in_words
from leads.models.company import Company
from leads.models.customer import Customer, validate_locale
from leads.models.revision import RevisionOfTerms, in_force_on


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax on a customer's invoices: on every line, or on the lines of one product category."""

    name: str
    rate: Decimal  # percent
    category: str = ""

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Self:
        return cls(stored["name"], Decimal(stored["rate"]), stored["category"])

    def as_stored(self) -> dict[str, str]:
        return {"name": self.name, "rate": f"{self.rate.normalize():f}", "category": self.category}

    def __str__(self) -> str:
        on = f" on {self.category}" if self.category else ""
        return f"{self.name} {self.rate.normalize():f}%{on}"


def commitment_faults(
    *, currency: str, minimum: Decimal | None, budget: Decimal | None, is_hard: bool
) -> dict[str, str]:
    """Return what is wrong with these amounts, by customer field; empty if nothing is."""
    faults = {
        name: no_fraction_in_words(currency)
        for name, amount in (("monthly_minimum", minimum), ("monthly_budget", budget))
        if amount is not None and not fits(amount, currency)
    }
    if is_hard and budget is None:
        faults["monthly_budget"] = "A hard budget needs an amount."
    elif is_hard and budget is not None and minimum is not None and budget < minimum:
        faults.setdefault(
            "monthly_budget",
            f"A hard budget of {in_words(budget, currency)} is below the monthly minimum of"
            f" {in_words(minimum, currency)}, which is always due. Raise the budget or lower the minimum.",
        )
    return faults


def validate_taxes(stored: Any) -> None:
    """Raise ValidationError unless these are taxes, each a percentage, and none of them twice."""
    try:
        taxes = [Tax.of(each) for each in stored]
    except (TypeError, KeyError, InvalidOperation):
        raise ValidationError("Each tax has a name, a rate and a category.", code="not_taxes") from None
    for tax in taxes:
        if not tax.name or not 0 <= tax.rate < 100:
            raise ValidationError(f"{tax} is not a percentage below 100.", code="no_percentage")
    if len({(tax.name, tax.category) for tax in taxes}) < len(taxes):
        raise ValidationError("A tax has one rate per name and product category.", code="tax_twice")


# What a revision of terms sets, in the order of the page.
TERMS = (
    *("contract_from", "contract_to", "monthly_minimum", "monthly_budget", "hard_budget", "excluded_domains"),
    *("payment_terms_days", "dispute_days", "dispute_quota", "dispute_quota_sum", "taxes", "tax_exempt_reason"),
    *("seller", "billing_contacts", "legal_name", "tax_id", "address", "purchase_order", "locale", "detail_annex"),
    "electronic_invoice",
)
# Terms in force on the day of issue or sending. For all others, it is the first day of the billing period.
OF_THE_DAY_OF_ISSUE = ("billing_contacts", "legal_name", "tax_id", "address", "purchase_order", "electronic_invoice")


class CustomerTermsQuerySet(models.QuerySet["CustomerTerms"]):
    """Revisions of customers' terms."""

    def on(self, day: date) -> "CustomerTerms":
        """Return the terms in force on this day, from all of one customer; LookupError if there are none."""
        return in_force_on(self, day)


class CustomerTerms(RevisionOfTerms):
    """What is agreed with a customer, from its first day until the next revision begins."""

    TERMS = TERMS

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="terms", db_index=False)
    payment_terms_days = models.PositiveSmallIntegerField(
        "payment terms", default=30, help_text="Days from the issue date to the due date."
    )
    dispute_days = models.PositiveSmallIntegerField(
        "dispute window", default=30, help_text="Days from the issue date in which an invoice may be disputed."
    )
    dispute_quota = models.DecimalField(
        "dispute quota",
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Percent of a month's charges that may be disputed; above it, a second person decides. Empty: no quota.",
    )
    dispute_quota_sum = models.DecimalField(
        "dispute quota as a sum",
        max_digits=16,
        decimal_places=MOST_PLACES,
        null=True,
        blank=True,
        help_text="The same as an amount per month, before tax. With both, the lower one counts.",
    )
    tax_exempt_reason = models.CharField(
        "exempt from tax because",
        max_length=200,
        blank=True,
        help_text="Printed on the invoice instead of any tax, such as: Reverse charge, Article 196 of 2006/112/EC.",
    )
    taxes = models.JSONField(
        default=list, blank=True, validators=[validate_taxes], help_text="Name, rate in percent, product category."
    )
    monthly_minimum = models.DecimalField(
        max_digits=16,
        decimal_places=MOST_PLACES,
        null=True,
        blank=True,
        help_text="The least the customer is charged per month. Prorated for weekly cycles and partial contract months.",
    )
    monthly_budget = models.DecimalField(
        max_digits=16,
        decimal_places=MOST_PLACES,
        null=True,
        blank=True,
        help_text="What the customer plans to spend per month. Prorated for weekly cycles.",
    )
    hard_budget = models.BooleanField(default=False, help_text="Never charge more than the budget.")
    contract_from = models.DateField(
        "contract from", null=True, blank=True, help_text="First day, in the billing time zone."
    )
    contract_to = models.DateField(
        "contract to", null=True, blank=True, help_text="Last day, in the billing time zone."
    )
    excluded_domains = ArrayField(
        models.CharField(max_length=253, validators=[validate_domain]),
        default=list,
        blank=True,
        help_text="Email domains that are never charged: own staff, competitors, students. Separate with commas.",
    )
    seller = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The company that sends the invoices. Empty: the seller in the settings.",
    )
    locale = models.CharField(
        "number format",
        max_length=12,
        default="en_US",
        validators=[validate_locale],
        help_text="How numbers and dates are written on the invoice.",
    )
    detail_annex = models.BooleanField(default=True, help_text="End the PDF with a list of every charge.")
    electronic_invoice = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Put the invoice's data into its PDF (EN 16931, Factur-X). Addresses must end with the country.",
    )
    legal_name = models.CharField(max_length=200, blank=True, help_text="Printed on the invoice. Empty: the name.")
    address = models.TextField(blank=True)
    tax_id = models.CharField("tax ID", max_length=40, blank=True)
    purchase_order = models.CharField("PO number", max_length=60, blank=True, help_text="Printed on every invoice.")
    billing_contacts = ArrayField(
        models.EmailField(), default=list, blank=True, help_text="Printed on the invoice. Separate with commas."
    )

    objects = CustomerTermsQuerySet.as_manager()

    class Meta(RevisionOfTerms.Meta):
        verbose_name = verbose_name_plural = "customer terms"
        default_permissions = ("view",)
        indexes = [models.Index(name="terms_of_a_customer_by_day", fields=["customer", "first_day"])]
        constraints = [
            *RevisionOfTerms.Meta.constraints,
            models.CheckConstraint(
                name="a_contract_does_not_end_before_it_begins", condition=Q(contract_to__gte=F("contract_from"))
            ),
            models.CheckConstraint(
                name="a_minimum_and_a_budget_are_not_negative",
                condition=(Q(monthly_minimum=None) | Q(monthly_minimum__gte=0))
                & (Q(monthly_budget=None) | Q(monthly_budget__gte=0)),
            ),
            models.CheckConstraint(
                name="a_hard_budget_names_its_amount", condition=Q(hard_budget=False) | Q(monthly_budget__isnull=False)
            ),
            models.CheckConstraint(
                name="a_hard_budget_covers_the_minimum",
                condition=Q(hard_budget=False) | Q(monthly_minimum=None) | Q(monthly_budget__gte=F("monthly_minimum")),
            ),
            models.CheckConstraint(
                name="a_dispute_quota_is_a_percentage_or_a_sum",
                condition=(Q(dispute_quota=None) | Q(dispute_quota__range=(0, 100)))
                & (Q(dispute_quota_sum=None) | Q(dispute_quota_sum__gte=0)),
            ),
            models.CheckConstraint(
                name="a_tax_rate_is_a_percentage",
                condition=Func(
                    F("taxes"),
                    template=(
                        "NOT jsonb_path_exists(%(expressions)s, '$[*] ? (!(@.rate.double() >= 0 && @.rate.double() < 100))')"
                    ),
                    output_field=BooleanField(),
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"Terms of {self.customer} {super().__str__()}"

    @property
    def tax_rates(self) -> list[Tax]:
        """The taxes as values."""
        return [Tax.of(each) for each in self.taxes]

    def clean(self) -> None:
        """Reject a minimum and budget that can't be billed in the customer's currency or that contradict each other."""
        faults = commitment_faults(
            currency=self.customer.currency,
            minimum=self.monthly_minimum,
            budget=self.monthly_budget,
            is_hard=self.hard_budget,
        )
        if self.contract_from and self.contract_to and self.contract_to < self.contract_from:
            faults["contract_to"] = "The contract can't end before it starts."
        if faults:
            raise ValidationError(dict(faults))
