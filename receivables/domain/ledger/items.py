"""Open items: what documents have left."""

from collections.abc import Collection
from decimal import Decimal

from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from billing_engine.core.money import MOST_PLACES, SUM_DIGITS
from leads.models import Customer
from receivables.models import Allocation, LedgerDocument

LEFT = "left"  # an annotation that the model declares
AMOUNT: DecimalField[Decimal, Decimal] = DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES)


def with_left(documents: QuerySet[LedgerDocument], *, open_only: bool = False) -> QuerySet[LedgerDocument]:
    """The documents, each with what it has `left`: its amount less its allocations; or the open ones only."""
    made = Allocation.objects.order_by()
    used = Coalesce(
        Subquery(made.filter(credit=OuterRef("pk")).values("credit").annotate(sum=Sum("amount")).values("sum")),
        Subquery(made.filter(debit=OuterRef("pk")).values("debit").annotate(sum=Sum("amount")).values("sum")),
        Value(Decimal(0)),
        output_field=AMOUNT,
    )
    found = documents.annotate(**{LEFT: F("amount") - used})
    return found.filter(Q((f"{LEFT}__gt", 0))) if open_only else found


def locked(items: Collection[int]) -> dict[int, LedgerDocument]:
    """Lock the customers of these items in one order, then read what the items have left.

    The ledger is never updated, so its own rows can't be locked by the app; a trigger locks those with the owner's rights.
    """
    rows = LedgerDocument.objects.filter(pk__in=items)
    customers = Customer.objects.filter(pk__in=rows.values("customer")).order_by("pk")
    list(customers.select_for_update(no_key=True).values_list("pk", flat=True))
    return {item.pk: item for item in with_left(rows.order_by("pk"))}
