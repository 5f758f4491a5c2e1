"""The company billed."""

from datetime import date
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.timezone import now

from billing_engine.core.calendar.spans import CYCLES, Calendar, midnight
from billing_engine.core.domains import validate_domain
from billing_engine.core.money import MOST_PLACES, is_currency, locales
from leads.models.commitments import commitment_faults
from leads.models.company import Company

UTC_ZONE = ZoneInfo("UTC")
CODE = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._-]*$", "Letters, digits, dots, dashes and underscores only.")


def known_time_zone(name: str) -> None:
    """Refuse what is no IANA time zone."""
    if name not in available_timezones():
        raise ValidationError(f"{name} is no IANA time zone, such as America/New_York.")


def known_currency(code: str) -> None:
    """Refuse what is no ISO 4217 code."""
    if not is_currency(code):
        raise ValidationError(f"{code} is no ISO 4217 currency, such as USD.")


def known_locale(name: str) -> None:
    """Refuse what babel has no number formats for."""
    if name not in dict(locales()):
        raise ValidationError(f"{name} is no locale, such as en_US.")


def first_of_this_month(zone: ZoneInfo = UTC_ZONE) -> date:
    """From when a customer is billed of whom nobody has said it: the first day of the month in which it is made."""
    return now().astimezone(zone).date().replace(day=1)


class Customer(models.Model):
    """The company billed."""

    class Cycle(models.TextChoices):
        MONTHLY = "monthly", "Monthly"
        WEEKLY = "weekly", "Weekly"
        FORTNIGHTLY = "fortnightly", "Every two weeks"

    code = models.CharField(max_length=40, unique=True, validators=[CODE])
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(
        "active", default=True, help_text="Inactive customers are left out of billing runs."
    )

    currency = models.CharField(max_length=3, default="USD", validators=[known_currency], help_text="ISO 4217.")
    time_zone = models.CharField(
        "billing time zone",
        max_length=64,
        default="UTC",
        validators=[known_time_zone],
        help_text="Months and weeks begin and end at midnight here.",
    )
    cycle = models.CharField(
        "billing cycle",
        max_length=12,
        choices=Cycle.choices,
        default=Cycle.MONTHLY,
        help_text="A change takes effect where the last billing period there is ends.",
    )
    billed_from = models.DateField(
        "billed from",
        default=first_of_this_month,
        help_text="First day, in the billing time zone: no billing period begins before it, and from it on none is left out.",
    )
    payment_terms_days = models.PositiveSmallIntegerField(
        "payment terms", default=30, help_text="Days from issue to due."
    )
    tax_exempt_reason = models.CharField(
        "exempt from tax because",
        max_length=200,
        blank=True,
        db_default="",
        help_text="Stands on the invoice in the place of any tax, such as: Reverse charge, Article 196 of 2006/112/EC.",
    )
    dispute_days = models.PositiveSmallIntegerField(
        "dispute window", default=30, db_default=30, help_text="Days from issue in which an invoice may be disputed."
    )
    monthly_minimum = models.DecimalField(
        max_digits=16,
        decimal_places=MOST_PLACES,
        null=True,
        blank=True,
        help_text="Charged at least this a month; by days in weeks, and where the contract begins or ends.",
    )
    monthly_budget = models.DecimalField(
        max_digits=16,
        decimal_places=MOST_PLACES,
        null=True,
        blank=True,
        help_text="The customer's monthly budget; prorated for weeks.",
    )
    hard_budget = models.BooleanField(default=False, help_text="Charge nothing above the budget.")

    contract_from = models.DateField(null=True, blank=True, help_text="First day, in the billing time zone.")
    contract_to = models.DateField(null=True, blank=True, help_text="Last day, in the billing time zone.")
    excluded_domains = ArrayField(
        models.CharField(max_length=253, validators=[validate_domain]),
        default=list,
        blank=True,
        help_text="E-mail domains that are never charged: own staff, competitors, students. Separated by commas.",
    )

    seller = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="customers",
        db_index=False,
        help_text="Which of our companies sends the invoices; empty: the one of the settings.",
    )
    locale = models.CharField(
        "number format",
        max_length=12,
        default="en_US",
        db_default="en_US",
        validators=[known_locale],
        help_text="How numbers and dates read on the invoice.",
    )
    detail_annex = models.BooleanField(
        default=True, db_default=True, help_text="The PDF ends with a list of every charge."
    )
    legal_name = models.CharField(
        max_length=200, blank=True, help_text="As it stands on the invoice; the name if empty."
    )
    address = models.TextField(blank=True)
    tax_id = models.CharField("tax ID", max_length=40, blank=True)
    purchase_order = models.CharField("PO number", max_length=60, blank=True, help_text="Printed on every invoice.")
    billing_contacts = ArrayField(
        models.EmailField(), default=list, blank=True, help_text="Stand on the invoice. Separated by commas."
    )

    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("code"),
                name="a_customer_has_one_code_however_written",
                violation_error_message="Another customer has this code, written with other capitals.",
            ),
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
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a minimum and a budget that cannot be billed in the customer's currency, or contradict each other."""
        faults = commitment_faults(
            currency=self.currency,
            minimum=self.monthly_minimum,
            budget=self.monthly_budget,
            is_hard=self.hard_budget,
        )
        if faults:
            raise ValidationError(dict(faults))

    @property
    def zone(self) -> ZoneInfo:
        """The billing time zone, to compute with."""
        return ZoneInfo(self.time_zone)

    @property
    def calendar(self) -> Calendar:
        """How its time is cut into billing periods, from its first day on."""
        changes = sorted(self.cycle_changes.all(), key=lambda change: change.takes_effect_at)
        before = tuple((change.takes_effect_at, CYCLES[change.cycle_before]) for change in changes)
        return Calendar(self.zone, CYCLES[self.cycle], before, midnight(self.billed_from, self.zone))


class CycleChange(models.Model):
    """From when on a customer is billed by another cycle; until then by the one before."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="cycle_changes", db_index=False)
    takes_effect_at = models.DateTimeField(help_text="The end of the last period of the cycle before.")
    cycle_before = models.CharField(max_length=12, choices=Customer.Cycle.choices)
    cycle_after = models.CharField(max_length=12, choices=Customer.Cycle.choices)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="a_customer_changes_its_cycle_once_at_a_time", fields=["customer", "takes_effect_at"]
            ),
            models.CheckConstraint(name="a_change_of_cycle_changes_it", condition=~Q(cycle_before=F("cycle_after"))),
        ]

    def __str__(self) -> str:
        return f"{self.get_cycle_after_display()} from {self.takes_effect_at:%Y-%m-%d %H:%M} UTC"
