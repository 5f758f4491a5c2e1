"""Reminders: the levels and the timetable of each company, runs, the emails of each, and pauses."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from billing_engine.core.money import MOST_PLACES, SUM_DIGITS
from billing_engine.core.queues.items import WorkItem
from invoices.models.mail import MAX_MESSAGE, MAX_SUBJECT
from leads.models import Company, Customer
from receivables.models.ledger import LedgerDocument
from receivables.models.paper import ClaimedMail, ClaimedMailQuerySet, claimed_mail_constraints

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
            models.CheckConstraint(
                name="a_reminder_level_is_one_digit_above_zero", condition=Q(level__gte=1, level__lte=9)
            ),
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


class ReminderTimetable(WorkItem):
    """The hour of each day at which the reminders of one company start by themselves."""

    seller = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Empty: the seller in the settings.",
    )
    hour = models.PositiveSmallIntegerField(default=8, help_text="By UTC.")
    is_on = models.BooleanField("on", default=False)
    next_at = models.DateTimeField(null=True, blank=True, help_text="When the next run is due.")
    reason = models.TextField(blank=True, help_text="Why the last run did not start.")

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="a_company_has_one_timetable_of_reminders", fields=["seller"], nulls_distinct=False
            ),
            models.CheckConstraint(name="an_hour_of_reminders_is_on_the_clock", condition=Q(hour__lte=23)),
            models.CheckConstraint(
                name="reminders_that_start_by_themselves_are_due_at_some_time",
                condition=Q(is_on=True, next_at__isnull=False) | Q(is_on=False, next_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"Each day from {self.hour}:00 UTC" if self.is_on else "Off"


class ReminderRun(models.Model):
    """The reminders of one company on one day."""

    seller = models.ForeignKey(
        Company, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    day = models.DateField(help_text="By UTC. Of a company, there is one run a day.")
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: it started by itself.",
    )
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


class Reminder(ClaimedMail):
    """One email of a run to one customer, with everything that the customer is reminded of."""

    run = models.ForeignKey(ReminderRun, on_delete=models.PROTECT, related_name="reminders", db_index=False)
    level = models.PositiveSmallIntegerField()

    objects = ClaimedMailQuerySet["Reminder"].as_manager()

    class Meta(ClaimedMail.Meta):
        abstract = False
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="a_customer_is_reminded_once_in_a_run_by_level", fields=["run", "customer", "level"]
            ),
            *claimed_mail_constraints("reminder"),
        ]
        indexes = [models.Index(name="reminder_waiting", fields=["next_attempt_at"], condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"Level {self.level} to {self.customer}"


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
