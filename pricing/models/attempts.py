"""How often the rating of a period has failed."""

from typing import Self

from django.db import models

from leads.models import BillingPeriod

# The workers try this often; then a person has to act.
TRIES = 3


class RatingAttemptsQuerySet(models.QuerySet["RatingAttempts"]):
    """Queries for rating attempts."""

    def given_up(self) -> Self:
        return self.filter(attempts__gte=TRIES)


class RatingAttempts(models.Model):
    """How often the rating of a period was started and did not finish; deleted by the first one that finishes."""

    period = models.OneToOneField(
        BillingPeriod, on_delete=models.CASCADE, primary_key=True, related_name="rating_attempts"
    )
    attempts = models.PositiveSmallIntegerField(
        help_text="Counted before the work: an attempt whose worker dies counts too."
    )
    attempted_at = models.DateTimeField()
    message = models.TextField(blank=True, help_text="Why the last attempt failed. Empty if its worker died.")

    objects = RatingAttemptsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "rating attempts"
        constraints = [
            models.CheckConstraint(name="an_attempt_at_rating_is_counted", condition=models.Q(attempts__gte=1))
        ]

    def __str__(self) -> str:
        return f"{self.period}: {self.attempts} times"

    @property
    def is_given_up(self) -> bool:
        return self.attempts >= TRIES
