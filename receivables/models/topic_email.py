"""Emails that people of customers can switch off: the steps of their disputes, and budget alerts."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from leads.models import EmailTopic
from receivables.models.paper import ClaimedMail, ClaimedMailQuerySet, claimed_mail_constraints


class TopicEmail(ClaimedMail):
    """One email to one person of a customer about something that happened: a step of a dispute, or a budget reached."""

    topic = models.CharField(max_length=10, choices=EmailTopic.choices)
    about = models.BigIntegerField(help_text="The row that it is about: a dispute's step, or a billing period.")
    percent = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Of the budget.")
    email = models.EmailField(help_text="Whose it is.")

    objects = ClaimedMailQuerySet["TopicEmail"].as_manager()

    class Meta(ClaimedMail.Meta):
        abstract = False
        default_permissions = ("change", "view")
        constraints = [
            models.UniqueConstraint(
                "topic",
                "about",
                "percent",
                Lower("email"),
                name="a_person_is_told_once_of_each_cause",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="a_budget_alert_says_how_much_is_used",
                condition=Q(topic="budget", percent__isnull=False) | (~Q(topic="budget") & Q(percent=None)),
            ),
            *claimed_mail_constraints("topic_email"),
        ]
        indexes = [models.Index(name="topic_email_waiting", fields=["next_attempt_at"], condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"{self.get_topic_display()} to {self.email}"
