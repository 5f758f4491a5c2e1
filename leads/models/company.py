"""Our companies that send invoices."""

from datetime import date

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.timezone import now

from leads.models.revision import RevisionOfTerms, in_force_on

PREFIX = RegexValidator(
    r"^[A-Za-z0-9./_-]*\{year\}([A-Za-z0-9./_-]*[A-Za-z./_-])?$",
    "Use letters, digits, dots, dashes and slashes around {year}, without a digit at the end, such as INV-{year}-.",
)


class Company(models.Model):
    """One of our companies that sends invoices, with a number series of its own."""

    code = models.CharField(max_length=40, unique=True, validators=[RegexValidator(r"^[A-Za-z0-9._-]+$")])
    name = models.CharField(max_length=200)
    number_prefix = models.CharField(
        max_length=20,
        validators=[PREFIX],
        help_text=(
            "What invoice numbers start with. {year} becomes the year of issue, and the count restarts each year."
            " A change applies from the next invoice on and doesn't restart the count."
        ),
    )
    number_digits = models.PositiveSmallIntegerField(
        default=6,
        validators=[MinValueValidator(1), MaxValueValidator(9)],
        help_text="INV-2026-000001 has six. A change applies from the next invoice on.",
    )

    class Meta:
        verbose_name_plural = "companies"
        permissions = [("change_bank_details", "Can change how customers pay, and where they write to")]
        constraints = [
            models.UniqueConstraint(
                Lower("number_prefix"),
                name="two_companies_never_share_a_number_prefix",
                violation_error_message="Another company already uses this prefix.",
            ),
            models.CheckConstraint(
                name="a_number_prefix_names_the_year_and_ends_in_no_digit",
                condition=Q(number_prefix__contains="{year}") & ~Q(number_prefix__regex=r"[0-9]$"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def today(self) -> date:
        return now().date()

    @property
    def details_today(self) -> "CompanyDetails":
        return self.details_on(self.today)

    def details_on(self, day: date) -> "CompanyDetails":
        """The details in force on this day; LookupError if there are none."""
        return in_force_on(self.details.all(), day)


# What a revision of details sets.
DETAILS = ("address", "tax_id", "email", "pay_to")


class CompanyDetails(RevisionOfTerms):
    """What invoices say about a company, and where customers send the money, from its first day on."""

    TERMS = DETAILS

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="details", db_index=False)
    address = models.TextField()
    tax_id = models.CharField("tax ID", max_length=40, blank=True)
    email = models.EmailField(help_text="Where customers write to, including to dispute an invoice.")
    pay_to = models.TextField("how to pay", help_text="Printed on every invoice.")

    class Meta(RevisionOfTerms.Meta):
        verbose_name = verbose_name_plural = "company details"
        default_permissions = ("view",)
        indexes = [models.Index(name="details_of_a_company_by_day", fields=["company", "first_day"])]

    def __str__(self) -> str:
        return f"Details of {self.company} {super().__str__()}"


class NumberPrefix(models.Model):
    """A prefix that numbers were issued under; it remains its seller's, even if the seller switches to another."""

    prefix = models.CharField(max_length=30)
    seller = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        related_name="used_prefixes",
        db_index=False,
        help_text="Empty: the seller in the settings.",
    )

    class Meta:
        verbose_name_plural = "number prefixes"
        constraints = [
            models.UniqueConstraint(Lower("prefix"), name="a_used_number_prefix_is_one_sellers_however_written"),
        ]

    def __str__(self) -> str:
        return self.prefix
