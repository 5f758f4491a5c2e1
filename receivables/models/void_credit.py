"""Actions that were voided after they were billed: how they are credited, and by what."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from billing_engine.core.queues.items import WorkItem
from leads.models import Action, Customer
from receivables.models.credit_note import CreditNote

USUAL_DAYS, MOST_DAYS = 45, 400


class VoidTerms(models.Model):
    """How actions of a customer that are voided after billing are credited, from an instant on; never changed, only followed."""

    class Way(models.TextChoices):
        NOTE = "note", "Credit note on its invoice"
        LINE = "line", "Credit line on the next invoice"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="void_terms", db_index=False)
    way = models.CharField(max_length=4, choices=Way.choices)
    wait_days = models.PositiveSmallIntegerField(
        default=USUAL_DAYS,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)],
        help_text="Days after the void; if no invoice is drafted by then, it is a credit note.",
    )
    since = models.DateTimeField(help_text="It applies to what is voided from then on.")
    reason = models.CharField(max_length=200)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        verbose_name_plural = "void terms"
        constraints = [
            models.CheckConstraint(name="void_terms_say_why", condition=~Q(reason="")),
            models.CheckConstraint(
                name="void_terms_wait_for_some_days", condition=Q(wait_days__gte=1, wait_days__lte=MOST_DAYS)
            ),
        ]
        indexes = [models.Index(name="void_terms_of_customer", fields=["customer", "-since"])]

    def __str__(self) -> str:
        return self.get_way_display()


class VoidCredit(WorkItem):
    """An action that was voided after it was billed, and the credit that settles it; exactly one per action."""

    action = models.OneToOneField(Action, on_delete=models.PROTECT, primary_key=True, related_name="void_credit")
    # If the credit is deleted with its draft, the action waits again.
    credit = models.ForeignKey(
        CreditNote, on_delete=models.SET_NULL, null=True, blank=True, related_name="void_credits"
    )
    found_at = models.DateTimeField()
    code = models.CharField(
        max_length=60, blank=True, help_text="Why the engine leaves it to people; empty: it does not."
    )
    message = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_void_that_people_settle_says_why",
                condition=Q(code="", message="") | (~Q(code="") & ~Q(message="")),
            ),
        ]
        indexes = [
            models.Index(name="void_credit_waiting", fields=["action"], condition=Q(credit=None, code="")),
        ]

    def __str__(self) -> str:
        return f"Void of action {self.action_id}"
