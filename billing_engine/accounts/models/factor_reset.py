"""Resets of a lost second factor."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class FactorReset(models.Model):
    """A request to remove a person's second factors: one administrator asks, another one approves."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="factor_resets")
    reason = models.CharField(max_length=200)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    is_approved = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="a_person_has_one_open_reset_of_a_factor", fields=["user"], condition=Q(decided_at=None)
            ),
            models.CheckConstraint(
                name="a_factor_is_reset_by_two_other_people",
                condition=~Q(asked_by=F("user"))
                & (
                    Q(is_approved=False)
                    | (Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by")) & ~Q(decided_by=F("user")))
                ),
            ),
            models.CheckConstraint(
                name="a_decided_reset_of_a_factor_says_by_whom",
                condition=Q(decided_at=None, decided_by=None, is_approved=False)
                | Q(decided_at__isnull=False, decided_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Second factor of {self.user}"
