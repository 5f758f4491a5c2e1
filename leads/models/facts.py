"""Facts of the catalog, each from a first day on; an action is judged by the facts of its own day."""

from datetime import date
from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.expressions import Combinable

from leads.models.action import LARGEST_QUANTITY, LARGEST_VALUE, ActionType
from leads.models.product import Product
from leads.models.revision import Revision, RevisionQuerySet
from leads.models.source import Channel, Source


def _one_waits(subject: str) -> models.UniqueConstraint:
    name = f"only_one_change_of_{'an' if subject[0] == 'a' else 'a'}_{subject}_waits"
    return models.UniqueConstraint(name=name, fields=[subject], condition=Q(in_force_at=None, withdrawn_at=None))


class FactsRevision(Revision):
    """Facts of the catalog from a first day on."""

    FACTS: ClassVar[tuple[str, ...]]
    SUBJECT: ClassVar[str]

    class Meta(Revision.Meta):
        abstract = True

    def __str__(self) -> str:
        return f"{self.subject}, {super().__str__()}"

    @property
    def subject(self) -> "Subject":
        """The product, source or action type."""
        found: Subject = getattr(self, self.SUBJECT)
        return found

    @property
    def waits(self) -> bool:
        """Whether it waits for approval."""
        return self.in_force_at is None and self.withdrawn_at is None


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
            _one_waits("action_type"),
            models.CheckConstraint(
                name="the_limits_of_an_action_type_are_not_negative",
                condition=Q(largest_quantity__gte=0, largest_value__gte=0),
                violation_error_message="A limit can't be negative.",
            ),
        ]
        indexes = [models.Index(name="action_type_revision_by_day", fields=["action_type", "first_day", "id"])]


class ProductRevision(FactsRevision):
    """A product's category from a first day on."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="revisions", db_index=False)
    category = models.CharField(max_length=80, blank=True)

    FACTS = ("category",)
    SUBJECT = "product"

    objects = RevisionQuerySet.as_manager()

    class Meta(FactsRevision.Meta):
        abstract = False
        constraints = [*FactsRevision.Meta.constraints, _one_waits("product")]
        indexes = [
            models.Index(name="product_revision_by_day", fields=["product", "first_day", "id"]),
            models.Index(name="product_revision_category", fields=["category"]),
        ]


class SourceRevision(FactsRevision):
    """A source's channel from a first day on."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="revisions", db_index=False)
    channel = models.CharField(max_length=20, choices=Channel.choices)

    FACTS = ("channel",)
    SUBJECT = "source"

    objects = RevisionQuerySet.as_manager()

    class Meta(FactsRevision.Meta):
        abstract = False
        constraints = [
            *FactsRevision.Meta.constraints,
            _one_waits("source"),
            models.CheckConstraint(name="a_source_has_a_known_channel", condition=Q(channel__in=Channel.values)),
        ]
        indexes = [models.Index(name="source_revision_by_day", fields=["source", "first_day", "id"])]


CatalogRevision = ActionTypeRevision | ProductRevision | SourceRevision
Subject = ActionType | Product | Source


def fact_on(revisions: type[CatalogRevision], fact: str, day: date | Combinable, *, of: str = "pk") -> Subquery:
    """Return a subquery of a fact in force on a day, for the subject that the outer query names by `of`."""
    found = revisions.objects.in_force().filter(**{revisions.SUBJECT: OuterRef(of), "first_day__lte": day})
    return Subquery(found.order_by("-first_day", "-in_force_at", "-pk").values(fact)[:1])


def billable_on(day: date) -> models.QuerySet[ActionType]:
    """Return the action types that are billable on a day."""
    return ActionType.objects.annotate(is_billable=fact_on(ActionTypeRevision, "is_billable", day)).filter(
        is_billable=True
    )
