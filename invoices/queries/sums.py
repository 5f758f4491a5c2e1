"""What invoices come to, by currency."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum

from billing_engine.core.money import in_words
from invoices.models import Invoice


@dataclass(frozen=True, slots=True)
class CurrencySum:
    """The invoices in one currency."""

    currency: str
    invoices: int
    subtotal: Decimal
    tax: Decimal
    credit: Decimal
    total: Decimal

    @property
    def words(self) -> dict[str, str]:
        """Return the amounts in words, by their names."""
        names = ("subtotal", "tax", "credit", "total")
        return {name: in_words(getattr(self, name), self.currency) for name in names}


def sums_of(invoices: QuerySet[Invoice]) -> list[CurrencySum]:
    """Return the sums of these invoices by currency, in one query."""
    rows = invoices.order_by().values_list("currency")
    sums = rows.annotate(Count("pk"), Sum("subtotal"), Sum("tax"), Sum("credit"), Sum("total")).order_by("currency")
    return [CurrencySum(*row) for row in sums]


def totals_in_words(sums: list[CurrencySum]) -> str:
    """Return `$6,459.31 · €496.80`: the totals, one of each currency."""
    return " · ".join(one.words["total"] for one in sums)
