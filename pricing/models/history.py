"""The history of a price rule."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from pricing.models.rule import PriceRule


class RuleChange(models.Model):
    """A change of a price rule: who made it, when, why, and how the rule differs since."""

    class What(models.TextChoices):
        DRAFTED = "drafted", "Drafted"
        EDITED = "edited", "Edited"
        ACTIVATED = "activated", "Activated"
        ENDED = "ended", "Ended by its revision"
        RETIRED = "retired", "Retired"

    # The database deletes the history of a deleted draft itself; the app may not.
    rule = models.ForeignKey(PriceRule, on_delete=models.DO_NOTHING, related_name="changes")
    what = models.CharField(max_length=9, choices=What.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    differences = models.JSONField(
        default=list, blank=True, help_text="The changed terms in words, each as [field, before, after]."
    )
    overridden = models.JSONField(
        default=list, blank=True, help_text="Price checks that failed but were overridden on activation."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_price_check_is_overridden_for_a_reason", condition=Q(overridden=[]) | ~Q(reason="")
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()} {self.at:%Y-%m-%d %H:%M}"
