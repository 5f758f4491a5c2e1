"""Saved reports, and when they are sent by email."""

from typing import Self

from django.conf import settings
from django.contrib.auth.models import User
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

MOST_CHARACTERS = 8_000  # of a question: an address may not be longer, either
LAST_DAY = 31  # also the last day of a shorter month


class SavedReportQuerySet(models.QuerySet["SavedReport"]):
    """Named filters for saved reports."""

    def visible_to(self, user: User) -> Self:
        """The user's own and those that are shared; for an administrator all."""
        return self.all() if user.is_superuser else self.filter(Q(owner=user) | Q(is_shared=True))


class SavedReport(models.Model):
    """A question to the explorer, kept under a name."""

    name = models.CharField(max_length=120)
    question = models.TextField(max_length=MOST_CHARACTERS, help_text="As in the explorer's address.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_shared = models.BooleanField(
        "shared", default=False, help_text="Everyone who may use the explorer can open and schedule it."
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects = SavedReportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                "owner",
                name="a_person_has_one_report_of_a_name",
                violation_error_message="You already have a report with this name.",
            ),
            models.CheckConstraint(name="a_saved_report_has_a_name", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name


class ReportScheduleQuerySet(models.QuerySet["ReportSchedule"]):
    """Named filters for schedules."""

    def visible_to(self, user: User) -> Self:
        """The user's own, and those of the user's reports; for an administrator all."""
        return self.all() if user.is_superuser else self.filter(Q(owner=user) | Q(report__owner=user))


class ReportSchedule(models.Model):
    """When a saved report is mailed, to whom, and as which file."""

    class Cadence(models.TextChoices):
        DAILY = "daily", "Every day"
        WEEKLY = "weekly", "Every week"
        MONTHLY = "monthly", "Every month"
        QUARTERLY = "quarterly", "Every quarter"

    class Weekday(models.IntegerChoices):
        MONDAY = 1, "Monday"
        TUESDAY = 2, "Tuesday"
        WEDNESDAY = 3, "Wednesday"
        THURSDAY = 4, "Thursday"
        FRIDAY = 5, "Friday"
        SATURDAY = 6, "Saturday"
        SUNDAY = 7, "Sunday"

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "Excel"
        PDF = "pdf", "PDF"

    report = models.ForeignKey(SavedReport, on_delete=models.CASCADE, related_name="schedules")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recipients = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    cadence = models.CharField(max_length=9, choices=Cadence.choices)
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices, null=True, blank=True)
    month_day = models.PositiveSmallIntegerField(
        "day of the month",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LAST_DAY)],
        help_text="Of a quarter, a day of its first month. In a shorter month, its last day.",
    )
    hour = models.PositiveSmallIntegerField(validators=[MaxValueValidator(23)])
    time_zone = models.CharField(max_length=64)
    file_format = models.CharField("file", max_length=4, choices=Format.choices)
    site = models.CharField(max_length=200, help_text="Where links in its emails lead: the site it was saved on.")

    is_active = models.BooleanField(default=True)
    last_run_at = models.DateTimeField(null=True, blank=True)
    next_run_at = models.DateTimeField(null=True, blank=True)
    paused_reason = models.TextField(blank=True)

    objects = ReportScheduleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="only_a_weekly_schedule_has_a_weekday",
                condition=Q(cadence="weekly", weekday__isnull=False, weekday__range=(1, 7))
                | (~Q(cadence="weekly") & Q(weekday=None)),
                violation_error_message="Choose the day of the week.",
            ),
            models.CheckConstraint(
                name="only_a_monthly_or_quarterly_schedule_has_a_day",
                condition=Q(
                    cadence__in=["monthly", "quarterly"], month_day__isnull=False, month_day__range=(1, LAST_DAY)
                )
                | (~Q(cadence__in=["monthly", "quarterly"]) & Q(month_day=None)),
                violation_error_message="Choose the day of the month.",
            ),
            models.CheckConstraint(
                name="an_active_schedule_says_when_a_paused_one_says_why",
                condition=Q(is_active=True, next_run_at__isnull=False, paused_reason="")
                | (Q(is_active=False, next_run_at=None) & ~Q(paused_reason="")),
            ),
            models.CheckConstraint(name="an_hour_is_one_of_a_day", condition=Q(hour__lte=23)),
        ]
        indexes = [models.Index(name="report_schedule_due", fields=["next_run_at"], condition=Q(is_active=True))]

    def __str__(self) -> str:
        return f"{self.report}, {self.get_cadence_display().lower()}"
