"""Reminders: the schedule of each company, runs, the emails of each, and pauses."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from billing_engine.core.money import MOST_PLACES, SUM_DIGITS
from invoices.models import Email
from invoices.models.mail import MAX_MESSAGE, MAX_SUBJECT
from leads.models import Company, Customer
from receivables.models.ledger import LedgerDocument

LONGEST = 365  # days from the due day


class ReminderSchedule(models.Model):
    """When and how customers of one company are reminded of what they owe; one row per level."""

    seller = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reminder_levels",
        help_text="Empty: the seller in the settings.",
    )
    level = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(9)])
    days = models.SmallIntegerField(
        "days after due",
        validators=[MinValueValidator(-LONGEST), MaxValueValidator(LONGEST)],
        help_text="Days after the due day; negative: before it.",
    )
    is_active = models.BooleanField("active", default=True)

    class Meta:
        verbose_name = "reminder level"
        default_permissions = ("change", "view")
        constraints = [
            models.UniqueConstraint(
                name="a_company_has_each_reminder_level_once", fields=["seller", "level"], nulls_distinct=False
            ),
            models.CheckConstraint(name="a_reminder_level_is_one_digit_above_zero", condition=Q(level__gte=1, level__lte=9)),
        ]

    def __str__(self) -> str:
        side = "before" if self.days < 0 else "after"
        return f"Level {self.level}: {abs(self.days)} day{'s' * (abs(self.days) != 1)} {side} due"


class ReminderText(models.Model):
    """The subject and message of a reminder level in one language."""

    schedule = models.ForeignKey(ReminderSchedule, on_delete=models.PROTECT, related_name="texts", db_index=False)
    language = models.CharField(max_length=2, help_text="Such as en or de, as in the customer's number format.")
    subject = models.CharField(max_length=MAX_SUBJECT)
    body = models.TextField("message", max_length=MAX_MESSAGE)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="a_reminder_level_has_one_text_per_language", fields=["schedule", "language"]),
        ]

    def __str__(self) -> str:
        return f"{self.schedule}, {self.language}"


class ReminderPause(models.Model):
    """A customer, or one of its invoices, that is not reminded, with the reason and until when."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="reminder_pauses")
    document = models.ForeignKey(
        LedgerDocument,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="invoice",
        help_text="Empty: everything of the customer.",
    )
    reason = models.CharField(max_length=200)
    until = models.DateField(
        null=True, blank=True, help_text="The last day, in the customer's time zone. Empty: no end."
    )
    paused_at = models.DateTimeField()
    paused_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="a_reminder_is_paused_once",
                fields=["customer", "document"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="a_pause_says_why", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.document or self.customer}: {self.reason}"


class ReminderRun(models.Model):
    """The reminders of one company on one day."""

    seller = models.ForeignKey(
        Company, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    day = models.DateField(help_text="By UTC. Of a company, there is one run a day.")
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ("add", "change", "view")
        constraints = [
            models.UniqueConstraint(
                name="a_company_reminds_once_a_day", fields=["seller", "day"], nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seller.name if self.seller else 'Reminders'}, {self.day:%Y-%m-%d}"


class ReminderQuerySet(models.QuerySet["Reminder"]):
    """Named filters for reminders."""

    def waiting(self) -> Self:
        return self.filter(state=Reminder.State.WAITING)

    def told(self) -> Self:
        """Those that the customer has, or may have."""
        return self.filter(Q(state__in=Reminder.TOLD) | Q(is_being_sent=True))


class Reminder(Email):
    """One email of a run to one customer, with everything that the customer is reminded of."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        PARTLY = "partly", "Partly sent"
        PERHAPS = "perhaps", "Perhaps sent"
        WRITTEN = "written", "Not sent: no mail server"
        DROPPED = "dropped", "Not sent: nothing to remind of"
        FAILED = "failed", "Failed"

    TOLD = (State.SENT, State.PARTLY, State.PERHAPS, State.WRITTEN)

    run = models.ForeignKey(ReminderRun, on_delete=models.PROTECT, related_name="reminders", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="reminders")
    level = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    message_id = models.CharField(max_length=320, help_text="The same for every attempt.")
    requested_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True, help_text="When a worker last began to send it.")
    addresses = ArrayField(models.EmailField(), default=list, blank=True)
    subject = models.CharField(max_length=MAX_SUBJECT, blank=True)
    body = models.TextField("message", blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Who decided whether it arrived.",
    )

    objects = ReminderQuerySet.as_manager()

    class Meta(Email.Meta):
        abstract = False
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="a_customer_is_reminded_once_in_a_run_by_level", fields=["run", "customer", "level"]
            ),
            models.CheckConstraint(
                name="a_settled_reminder_says_when",
                condition=Q(state="waiting", settled_at=None, next_attempt_at__isnull=False)
                | (~Q(state="waiting") & Q(settled_at__isnull=False, next_attempt_at=None)),
            ),
            models.CheckConstraint(
                name="a_reminder_that_was_not_sent_says_why", condition=Q(state__in=["waiting", "sent"]) | ~Q(reason="")
            ),
        ]
        indexes = [models.Index(name="reminder_waiting", fields=["next_attempt_at"], condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"Level {self.level} to {self.customer}"

    @property
    def recipients(self) -> list[str]:
        return self.addresses


class ReminderItem(models.Model):
    """An invoice in a reminder, with its level and what was to be paid of it when it was sent."""

    reminder = models.ForeignKey(Reminder, on_delete=models.PROTECT, related_name="items", db_index=False)
    document = models.ForeignKey(LedgerDocument, on_delete=models.PROTECT, related_name="reminder_items")
    level = models.PositiveSmallIntegerField()
    amount = models.DecimalField("to pay", max_digits=SUM_DIGITS, decimal_places=MOST_PLACES)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="an_invoice_is_in_a_reminder_once", fields=["reminder", "document"]),
        ]

    def __str__(self) -> str:
        return f"{self.document}, level {self.level}"
