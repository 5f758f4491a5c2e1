"""Actions and action types."""

from datetime import date
from decimal import Decimal
from typing import Self

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from leads.models.customer import CODE
from leads.models.delivery import Delivery
from leads.models.lead import Lead
from leads.models.period import BillingPeriod
from leads.models.revision import FactsRevision, RevisionQuerySet, fact_on, in_force_on, one_waits

LARGEST_QUANTITY = 1_000_000
LARGEST_VALUE = 1_000_000_000


class ActionType(models.Model):
    """The kind of action."""

    code = models.CharField(max_length=60, unique=True, validators=[CODE])
    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name

    def facts_on(self, day: date) -> "ActionTypeRevision":
        """Return the facts in force on a day."""
        return in_force_on(self.revisions.all(), day)


class ActionTypeRevision(FactsRevision):
    """An action type's facts from a first day on: its unit, whether it is billable, and its limits."""

    action_type = models.ForeignKey(ActionType, on_delete=models.PROTECT, related_name="revisions", db_index=False)
    unit = models.CharField(
        max_length=40, default="action", help_text="What a quantity of it counts, such as sample, view or request."
    )
    is_billable = models.BooleanField(
        "billable", default=True, help_text="If not, actions of this type are excluded as not_billable."
    )
    largest_quantity = models.DecimalField(
        max_digits=18,
        decimal_places=6,
        default=Decimal(LARGEST_QUANTITY),
        help_text="Actions with a larger quantity go to quarantine. Raise this limit to retry them.",
    )
    largest_value = models.DecimalField(
        max_digits=18,
        decimal_places=6,
        default=Decimal(LARGEST_VALUE),
        help_text="Actions with a larger value, in the customer's currency, go to quarantine.",
    )

    FACTS = ("unit", "is_billable", "largest_quantity", "largest_value")
    SUBJECT = "action_type"

    objects = RevisionQuerySet.as_manager()

    class Meta(FactsRevision.Meta):
        abstract = False
        constraints = [
            *FactsRevision.Meta.constraints,
            one_waits("action_type"),
            models.CheckConstraint(
                name="the_limits_of_an_action_type_are_not_negative",
                condition=Q(largest_quantity__gte=0, largest_value__gte=0),
                violation_error_message="A limit can't be negative.",
            ),
        ]
        indexes = [models.Index(name="action_type_revision_by_day", fields=["action_type", "first_day", "id"])]


def billable_on(day: date) -> models.QuerySet[ActionType]:
    """Return the action types that are billable on a day."""
    is_billable = fact_on(ActionTypeRevision, "is_billable", day)
    return ActionType.objects.annotate(is_billable=is_billable).filter(is_billable=True)


class ActionQuerySet(models.QuerySet["Action"]):
    """Named filters for actions."""

    def of(self, period: BillingPeriod) -> Self:
        return self.filter(period=period)

    def in_rating_order(self) -> Self:
        return self.order_by("occurred_at", "pk")

    def voided_after_close(self) -> Self:
        return self.filter(voided_after_close=True)


class Action(models.Model):
    """One thing a lead did."""

    # As on the lead: references are checked once per statement, not once per row.
    lead = models.ForeignKey(
        Lead, on_delete=models.PROTECT, related_name="actions", db_constraint=False, db_index=False
    )
    external_id = models.CharField(max_length=200, help_text="The source's ID for the action, unique within the lead.")
    action_type = models.ForeignKey(
        ActionType, on_delete=models.PROTECT, related_name="actions", db_constraint=False, db_index=False
    )
    period = models.ForeignKey(
        BillingPeriod, on_delete=models.PROTECT, related_name="actions", db_constraint=False, db_index=False
    )
    # As on the lead: written with its delivery, and only looked up by it when a month's deliveries are counted.
    delivery = models.ForeignKey(
        Delivery, on_delete=models.DO_NOTHING, related_name="actions", db_constraint=False, db_index=False
    )

    occurred_at = models.DateTimeField()
    quantity = models.DecimalField(max_digits=18, decimal_places=6, default=1)
    value = models.DecimalField(
        max_digits=18,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="Monetary value in the customer's currency, if any.",
    )
    attributes = models.JSONField(default=dict, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField(max_length=200, blank=True)
    voided_after_close = models.BooleanField(
        default=False,
        db_default=False,
        help_text="The action was voided after its period closed; its charge stands until the period is reopened.",
    )

    objects = ActionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_leads_action_id_names_one_action", fields=["lead", "external_id"]),
            models.CheckConstraint(name="a_quantity_is_not_negative", condition=Q(quantity__gte=0)),
            models.CheckConstraint(name="a_value_is_not_negative", condition=Q(value=None) | Q(value__gte=0)),
            models.CheckConstraint(
                name="only_a_voided_action_is_voided_after_its_close",
                condition=Q(voided_after_close=False) | Q(voided_at__isnull=False),
            ),
        ]
        indexes = [
            # A few pages for millions of rows: actions are stored in the order of their deliveries.
            BrinIndex(name="action_delivery", fields=["delivery"]),
            # The type is last: of a period's actions, those of one type are found without reading the others.
            models.Index(name="action_rating_order", fields=["period", "occurred_at", "id", "action_type"]),
            models.Index(name="action_voided_at", fields=["voided_at"], condition=Q(voided_at__isnull=False)),
            models.Index(name="action_voided_after_close", fields=["period"], condition=Q(voided_after_close=True)),
            # Finds an action by its ID alone, at a hundredth of the write cost of a B-tree.
            BrinIndex(
                name="action_named",
                fields=["external_id"],
                opclasses=["text_bloom_ops"],
                pages_per_range=32,
                autosummarize=True,
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class EarlyAction(models.Model):
    """An action that, according to its source, occurred before its lead."""

    # No constraint: it is written together with its action, and actions are never deleted.
    action = models.OneToOneField(
        Action, on_delete=models.DO_NOTHING, primary_key=True, related_name="early", db_constraint=False
    )

    def __str__(self) -> str:
        return str(self.pk)
