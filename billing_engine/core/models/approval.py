"""Requests for approval."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Model, Q

from billing_engine.core.models.deed import reference


class ApprovalRequestQuerySet(models.QuerySet["ApprovalRequest"]):
    """Named filters for requests for approval."""

    def waiting(self) -> Self:
        """Requests that are not decided yet, oldest first."""
        return self.filter(state=ApprovalRequest.State.WAITING).order_by("asked_at", "pk")

    def about(self, row: Model) -> Self:
        """Requests about this row, latest first."""
        return self.filter(subject=reference(row)).order_by("-pk")


class ApprovalRequest(models.Model):
    """One person asks another to put something in force: what changes, why, and with which effect."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        APPROVED = "approved", "Approved"
        SENT_BACK = "sent_back", "Sent back"
        WITHDRAWN = "withdrawn", "Withdrawn"
        REPLACED = "replaced", "Replaced"

    kind = models.CharField(max_length=60, help_text="What is to be approved, such as rule_activation.")
    subject = models.CharField(
        max_length=120, help_text="The row that is to be approved, such as pricing.pricerule:12."
    )
    subject_name = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    differences = models.JSONField(default=list, help_text="What changes: the field, and its value before and after.")
    effect = models.JSONField(
        default=dict, help_text="What it does, such as the amounts of each customer now and then."
    )
    authors = ArrayField(
        models.BigIntegerField(),
        help_text="The people who wrote part of it, including the one who asks; none of them approves.",
    )
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approvals_asked")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="approvals_decided",
        help_text="Who approved it, sent it back, withdrew it, or asked again.",
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    words = models.TextField(blank=True, help_text="What the person who decided wrote.")

    mailed_at = models.DateTimeField(null=True, blank=True, help_text="When the people who may decide got an email.")

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="only_one_request_for_the_same_approval_waits",
                fields=["kind", "subject"],
                condition=Q(state="waiting"),
            ),
            models.CheckConstraint(
                name="a_request_that_is_decided_says_by_whom_and_when",
                condition=Q(state="waiting", decided_by=None, decided_at=None)
                | (~Q(state="waiting") & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="the_person_who_asks_never_approves",
                condition=~Q(state="approved") | ~Q(decided_by=F("asked_by")),
            ),
            models.CheckConstraint(
                name="a_request_is_withdrawn_by_the_person_who_asked",
                condition=~Q(state="withdrawn") | Q(decided_by=F("asked_by")),
            ),
            models.CheckConstraint(
                name="a_request_is_sent_back_with_words", condition=~Q(state="sent_back") | ~Q(words="")
            ),
        ]
        indexes = [models.Index(name="approval_of_subject", fields=["subject", "id"])]

    def __str__(self) -> str:
        return self.subject_name

    @property
    def is_waiting(self) -> bool:
        """Whether it still waits for a decision."""
        return self.state == self.State.WAITING
