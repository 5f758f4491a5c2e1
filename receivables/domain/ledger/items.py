"""Open items: what documents have left, today, dated up to a day, or as it was known at an instant."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from billing_engine.core.money import MOST_PLACES, SUM_DIGITS
from leads.models import Customer
from receivables.models import Allocation, LedgerDocument

LEFT = "left"  # an annotation that the model declares
AMOUNT: DecimalField[Decimal, Decimal] = DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES)


@dataclass(frozen=True, slots=True)
class Basis:
    """Which rows count: those dated up to a day (the books), those known at an instant (what was seen), or all."""

    dated: date | None = None
    known: datetime | None = None

    @property
    def counts(self) -> Q:
        """The rows of a table of the ledger that count."""
        found = Q()
        if self.dated is not None:
            found &= Q(posted_on__lte=self.dated)
        if self.known is not None:
            found &= Q(recorded_at__lt=self.known)
        return found


NOW = Basis()


def with_left(
    documents: QuerySet[LedgerDocument], basis: Basis = NOW, *, open_only: bool = False
) -> QuerySet[LedgerDocument]:
    """The documents that count, each with what it has `left`: its amount less its allocations; or the open ones only."""
    made = Allocation.objects.filter(basis.counts).order_by()
    used = Coalesce(
        Subquery(made.filter(credit=OuterRef("pk")).values("credit").annotate(sum=Sum("amount")).values("sum")),
        Subquery(made.filter(debit=OuterRef("pk")).values("debit").annotate(sum=Sum("amount")).values("sum")),
        Value(Decimal(0)),
        output_field=AMOUNT,
    )
    found = documents.filter(basis.counts).annotate(**{LEFT: F("amount") - used})
    return found.filter(Q((f"{LEFT}__gt", 0))) if open_only else found


def open_items(customer: int, currency: str, basis: Basis = NOW) -> QuerySet[LedgerDocument]:
    """A customer's items that have something left, the oldest due first."""
    found = LedgerDocument.objects.filter(customer=customer, currency=currency).exclude(side="")
    return with_left(found, basis, open_only=True).order_by(Coalesce("due_on", "posted_on"), "posted_on", "pk")


def locked(items: Collection[int]) -> dict[int, LedgerDocument]:
    """Lock the customers of these items in one order, then read what the items have left.

    The ledger is never updated, so its own rows can't be locked by the app; a trigger locks those with the owner's rights.
    """
    rows = LedgerDocument.objects.filter(pk__in=items)
    customers = Customer.objects.filter(pk__in=rows.values("customer")).order_by("pk")
    list(customers.select_for_update(no_key=True).values_list("pk", flat=True))
    return {item.pk: item for item in with_left(rows.order_by("pk"))}


def left_of(items: Iterable[LedgerDocument]) -> Decimal:
    """What annotated items have left, together."""
    return sum((item.left for item in items), Decimal(0))
