"""Alerts: causes that people should know of, who wants to know, and the emails that say so."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from invoices.models import Notice, waits_or_is_settled
from leads.models import Customer, Source


class AlertKind(models.TextChoices):
    """What people can be alerted to."""

    BUDGET = "budget", "Budget used"
    SPEND = "spend", "Unusual spend"
    SILENCE = "silence", "Silent source"
    QUARANTINE = "quarantine", "Long in quarantine"
    UNRATED = "unrated", "Long unrated"


OF_SOURCES = (AlertKind.SILENCE, AlertKind.QUARANTINE)  # the others are about customers


class AlertQuerySet(models.QuerySet["Alert"]):
    """Named filters for alerts."""

    def open(self) -> Self:
        return self.filter(resolved_at=None)


class Alert(models.Model):
    """One cause that people should know of, from when it was found until it is gone."""

    kind = models.CharField(max_length=10, choices=AlertKind.choices)
    cause = models.CharField(max_length=100, help_text="Identifies the cause among those of its kind.")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    title = models.CharField(max_length=300)
    words = models.TextField("explanation", help_text="As it was when the alert opened.")
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="a_cause_has_one_open_alert", fields=["kind", "cause"], condition=Q(resolved_at=None)
            ),
            models.CheckConstraint(
                name="an_alert_is_resolved_after_it_opened",
                condition=Q(resolved_at=None) | Q(resolved_at__gte=models.F("opened_at")),
            ),
            models.CheckConstraint(
                name="an_alert_is_about_a_customer_or_a_source",
                condition=Q(kind__in=OF_SOURCES, source__isnull=False, customer=None)
                | Q(customer__isnull=False, source=None) & ~Q(kind__in=OF_SOURCES),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class AlertSubscription(models.Model):
    """A person's choice to be alerted to one kind of cause, of everything or of one customer or source."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="alert_subscriptions")
    kind = models.CharField(max_length=10, choices=AlertKind.choices)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    by_email = models.BooleanField("email", default=True, db_default=True)
    chosen_at = models.DateTimeField()

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="a_person_chooses_an_alert_once",
                fields=["person", "kind", "customer", "source"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="a_subscription_is_about_what_its_kind_is_about",
                condition=Q(kind__in=OF_SOURCES, customer=None) | Q(source=None) & ~Q(kind__in=OF_SOURCES),
            ),
        ]

    def __str__(self) -> str:
        of = self.customer or self.source
        return f"{self.get_kind_display()}{f' of {of}' if of else ''}"


class AlertMail(Notice):
    """An email to one person about alerts of one kind that opened at the same time."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="alert_mails")
    kind = models.CharField(max_length=10, choices=AlertKind.choices)
    alerts = models.ManyToManyField(Alert, related_name="mails")

    class Meta(Notice.Meta):
        abstract = False
        constraints = [waits_or_is_settled("an_alert_mail_waits_or_is_settled")]
        indexes = [models.Index(name="alert_mail_waiting", fields=["next_attempt_at"], condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.person}"
