"""Facts of the catalog, each from a first day on; an action is judged by the facts of its own day."""

from datetime import date
from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Combinable, OuterRef, Q, Subquery

from leads.models.action import LARGEST_QUANTITY, LARGEST_VALUE, ActionType
from leads.models.product import Product
from leads.models.revision import Revision, RevisionQuerySet
from leads.models.source import Channel, Source


class ActionTypeRevision(Revision):
    """An action type's facts from a first day on: its unit, whether it is billable, and its limits."""

    action_type = models.ForeignKey(ActionType, on_delete=models.CASCADE, related_name="revisions", db_index=False)
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

    FACTS: ClassVar = ("unit", "is_billable", "largest_quantity", "largest_value")
    SUBJECT: ClassVar = "action_type"

    objects = RevisionQuerySet.as_manager()

    class Meta(Revision.Meta):
        abstract = False
        constraints = [
            *Revision.Meta.constraints,
            models.CheckConstraint(
                name="the_limits_of_an_action_type_are_not_negative",
                condition=Q(largest_quantity__gte=0, largest_value__gte=0),
                violation_error_message="A limit can't be negative.",
            ),
        ]
        indexes = [models.Index(name="action_type_revision_by_day", fields=["action_type", "first_day", "id"])]


class ProductRevision(Revision):
    """A product's category from a first day on."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="revisions", db_index=False)
    category = models.CharField(max_length=80, blank=True)

    FACTS: ClassVar = ("category",)
    SUBJECT: ClassVar = "product"

    objects = RevisionQuerySet.as_manager()

    class Meta(Revision.Meta):
        abstract = False
        indexes = [
            models.Index(name="product_revision_by_day", fields=["product", "first_day", "id"]),
            models.Index(name="product_revision_category", fields=["category"]),
        ]


class SourceRevision(Revision):
    """A source's channel from a first day on."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="revisions", db_index=False)
    channel = models.CharField(max_length=20, choices=Channel.choices)

    FACTS: ClassVar = ("channel",)
    SUBJECT: ClassVar = "source"

    objects = RevisionQuerySet.as_manager()

    class Meta(Revision.Meta):
        abstract = False
        constraints = [
            *Revision.Meta.constraints,
            models.CheckConstraint(name="a_source_has_a_known_channel", condition=Q(channel__in=Channel.values)),
        ]
        indexes = [models.Index(name="source_revision_by_day", fields=["source", "first_day", "id"])]


CatalogRevision = ActionTypeRevision | ProductRevision | SourceRevision


def fact_on(
    revisions: type[CatalogRevision], fact: str, day: date | Combinable, *, of: str = "pk"
) -> Subquery:
    """Return a subquery of a fact in force on a day, for the subject that the outer query names by `of`."""
    found = revisions.objects.in_force().filter(**{revisions.SUBJECT: OuterRef(of), "first_day__lte": day})
    return Subquery(found.order_by("-first_day", "-pk").values(fact)[:1])


def billable_on(day: date) -> models.QuerySet[ActionType]:
    """Return the action types that are billable on a day."""
    return ActionType.objects.annotate(is_billable=fact_on(ActionTypeRevision, "is_billable", day)).filter(is_billable=True)
