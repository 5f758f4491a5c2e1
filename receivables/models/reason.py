"""Why customers dispute charges, and why we credit them."""

from django.db import models
from django.db.models import Q

from billing_engine.core.money import MOST_PLACES, SUM_DIGITS


class Reason(models.Model):
    """A reason for a dispute or a credit note, with its terms: how long it may be given, and who may decide it."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60, unique=True, help_text="Customers read it.")
    explanation = models.CharField(
        max_length=300, blank=True, help_text="What it means, for the person who chooses it."
    )
    customers_may_give_it = models.BooleanField(
        default=True, help_text="Customers can dispute charges for this reason. Otherwise, only finance uses it."
    )
    window_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Days from issue within which it may be given; the customer's own window is the upper bound. Empty: that one.",
    )
    decide_within_days = models.PositiveSmallIntegerField(
        default=10, db_default=10, help_text="Working days, Monday to Friday, until we decide."
    )
    evidence = models.CharField(max_length=300, blank=True, help_text="What the customer is asked to send.")
    decided_alone_up_to = models.DecimalField(
        max_digits=SUM_DIGITS,
        decimal_places=MOST_PLACES,
        null=True,
        blank=True,
        help_text="The sum up to which one person decides what a customer disputes for this reason in a period. Empty: any"
        " sum.",
    )
    decided_alone_currency = models.CharField(
        max_length=3,
        blank=True,
        help_text="The currency of that sum. In any other currency, a second person decides, too.",
    )
    source_answers_for_it = models.BooleanField(
        default=True, help_text="Accepted disputes count in the quality report of the source."
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_reason_is_decided_alone_up_to_a_sum",
                condition=Q(decided_alone_up_to=None) | Q(decided_alone_up_to__gte=0),
            ),
            models.CheckConstraint(
                name="a_sum_that_one_person_decides_has_its_currency",
                condition=Q(decided_alone_up_to=None, decided_alone_currency="")
                | Q(decided_alone_up_to__isnull=False) & ~Q(decided_alone_currency=""),
                violation_error_message="Enter a sum with its currency, or neither.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
