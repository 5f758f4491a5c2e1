"""The emails that schedules send."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from invoices.models import Email
from reports.models.saved import ReportSchedule


class ReportMailingQuerySet(models.QuerySet["ReportMailing"]):
    """Named filters for report emails."""

    def waiting(self) -> Self:
        return self.filter(state=ReportMailing.State.WAITING)


class ReportMailing(Email):
    """One email of a schedule: the report as of the time it was due, or why the schedule was paused."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        PARTLY = "partly", "Partly sent"
        WRITTEN = "written", "Not sent: no mail server"
        FAILED = "failed", "Failed"

    schedule = models.ForeignKey(ReportSchedule, on_delete=models.CASCADE, related_name="mailings", db_index=False)
    is_notice = models.BooleanField(default=False, help_text="Tells the owner that the schedule was paused.")
    due_at = models.DateTimeField(help_text="Named days, such as last quarter, are those of this time.")
    requested_at = models.DateTimeField(help_text="Later than due if the workers were down.")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    message_id = models.CharField(
        max_length=320, help_text="The same for every attempt, so that email programs recognize a second copy."
    )
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    addresses = ArrayField(models.EmailField(), default=list, blank=True)
    left_out = models.JSONField(
        default=dict, blank=True, help_text="The recipients who get nothing, each with the reason."
    )
    subject = models.CharField(max_length=400, blank=True)
    rows = models.PositiveBigIntegerField(null=True, blank=True, help_text="Rows of the attached file.")
    file_name = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField("digest", max_length=64, blank=True, help_text="SHA-256 of the attached file.")

    objects = ReportMailingQuerySet.as_manager()

    class Meta(Email.Meta):
        abstract = False
        verbose_name = "report email"
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="a_schedule_mails_each_due_time_once", fields=["schedule", "due_at", "is_notice"]
            ),
            models.CheckConstraint(
                name="a_settled_report_email_says_when",
                condition=Q(state="waiting", settled_at=None, next_attempt_at__isnull=False)
                | (~Q(state="waiting") & Q(settled_at__isnull=False, next_attempt_at=None)),
            ),
            models.CheckConstraint(
                name="a_failed_report_email_says_why", condition=Q(state__in=["waiting", "sent"]) | ~Q(reason="")
            ),
            models.CheckConstraint(
                name="a_sent_report_email_names_its_server",
                condition=~Q(state__in=["sent", "partly"]) | (~Q(via="") & Q(accepted__len__gt=0)),
            ),
        ]
        indexes = [models.Index(name="report_email_waiting", fields=["next_attempt_at"], condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"{self.schedule.report}, due {self.due_at:%Y-%m-%d %H:%M} UTC"

    @property
    def recipients(self) -> list[str]:
        return self.addresses
