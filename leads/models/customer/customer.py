"""The company billed."""

from datetime import date, datetime
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.timezone import now

from billing_engine.core.calendar.spans import CYCLES, Calendar, midnight
from billing_engine.core.money import is_currency, locales

UTC_ZONE = ZoneInfo("UTC")
CODE = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._-]*$", "Use only letters, digits, dots, dashes and underscores.")


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless this is an IANA time zone."""
    if name not in available_timezones():
        raise ValidationError(f"{name} is not an IANA time zone. Use a name such as America/New_York.")


def validate_currency(code: str) -> None:
    """Raise ValidationError unless this is an ISO 4217 currency code."""
    if not is_currency(code):
        raise ValidationError(f"{code} is not an ISO 4217 currency. Use a code such as USD.")


def validate_locale(name: str) -> None:
    """Raise ValidationError unless Babel has number formats for this locale."""
    if name not in dict(locales()):
        raise ValidationError(f"{name} is not a known locale. Use a name such as en_US.")


def first_of_this_month(zone: ZoneInfo = UTC_ZONE) -> date:
    """The default first billed day of a new customer: the first day of the current month."""
    return now().astimezone(zone).date().replace(day=1)


class Customer(models.Model):
    """The company billed."""

    class Cycle(models.TextChoices):
        MONTHLY = "monthly", "Monthly"
        WEEKLY = "weekly", "Weekly"
        FORTNIGHTLY = "fortnightly", "Every two weeks"

    code = models.CharField(max_length=40, unique=True, validators=[CODE])
    name = models.CharField(max_length=200)
    is_active = models.BooleanField("active", default=True, help_text="Inactive customers are skipped in billing runs.")

    currency = models.CharField(max_length=3, default="USD", validators=[validate_currency], help_text="ISO 4217.")
    time_zone = models.CharField(
        "billing time zone",
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text="Months and weeks start and end at midnight in this zone.",
    )
    cycle = models.CharField(
        "billing cycle",
        max_length=12,
        choices=Cycle.choices,
        default=Cycle.MONTHLY,
        help_text="A change applies from the end of the last existing billing period.",
    )
    billed_from = models.DateField(
        "billed from",
        default=first_of_this_month,
        help_text="First billed day, in the billing time zone. Billing periods start on this day and continue without gaps.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        permissions = [
            ("change_finance_terms", "Can change payment terms, taxes, seller and billing contacts of customers"),
            ("change_operations_terms", "Can change names and excluded domains of customers"),
            ("change_commitments", "Can propose changes of contracts, minimums and budgets of customers"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("code"),
                name="a_customer_has_one_code_however_written",
                violation_error_message="Another customer already has this code, in different capitalization.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The billing time zone as an object."""
        return ZoneInfo(self.time_zone)

    @property
    def calendar(self) -> Calendar:
        """How the customer's time is split into billing periods, from its first billed day on."""
        changes = sorted(self.cycle_changes.all(), key=lambda change: change.takes_effect_at)
        before = tuple((change.takes_effect_at, CYCLES[change.cycle_before]) for change in changes)
        return Calendar(self.zone, CYCLES[self.cycle], before, midnight(self.billed_from, self.zone))

    @property
    def today(self) -> date:
        return self.day_of(now())

    def day_of(self, instant: datetime) -> date:
        """The day of an instant in the billing time zone."""
        return instant.astimezone(self.zone).date()


class CycleChange(models.Model):
    """The moment a customer switches to another billing cycle; until then, the earlier cycle applies."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="cycle_changes", db_index=False)
    takes_effect_at = models.DateTimeField(help_text="The end of the last period of the earlier cycle.")
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
