"""Disputes in figures, by reason or by source: how many, what was accepted and rejected; and credit notes by reason."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, F, Q, QuerySet, Sum

from billing_engine.core import money
from receivables.models import CreditNote, Dispute, DisputedCharge

ACCEPTED = Q(is_accepted=True, is_undecided=False)
REJECTED = Q(is_accepted=False, is_undecided=False)


@dataclass(frozen=True, slots=True)
class Figure:
    """The disputed charges of one reason or source in one currency, before tax."""

    key: int
    name: str
    currency: str
    disputes: int
    charges: int
    disputed: Decimal
    accepted: Decimal
    rejected: Decimal

    @property
    def undecided(self) -> Decimal:
        return self.disputed - self.accepted - self.rejected


@dataclass(frozen=True, slots=True)
class Credited:
    """The issued credit notes of one reason in one currency."""

    key: int
    name: str
    currency: str
    notes: int
    amount: Decimal  # before tax
    total: Decimal


def by_reason(first: date, last: date) -> list[Figure]:
    """Return the figures of disputes opened on these days (in UTC) by reason, the largest sum first."""
    return _figures(_opened(first, last), "dispute__reason")


def by_source(first: date, last: date) -> list[Figure]:
    """Return the same by source."""
    return _figures(_opened(first, last), "action__lead__source")


def credited_by_reason(first: date, last: date) -> list[Credited]:
    """Return the credit notes issued on these days (the customers' own) by reason, the largest sum first."""
    rows = (
        CreditNote.objects.issued()
        .documents()
        .filter(issued_on__range=(first, last))
        .order_by()
        .values_list("reason", "reason__name", "currency")
        .annotate(notes=Count("pk"), amount=Sum("subtotal"), with_tax=Sum("total"))
        .order_by("currency", "-amount", "reason__name")
    )
    return [Credited(*row) for row in rows]


def _opened(first: date, last: date) -> QuerySet[DisputedCharge]:
    """Charges of disputes that were not withdrawn."""
    found = DisputedCharge.objects.exclude(dispute__state=Dispute.State.WITHDRAWN)
    return found.filter(dispute__opened_at__date__gte=first, dispute__opened_at__date__lte=last)


def _figures(charges: QuerySet[DisputedCharge], of: str) -> list[Figure]:
    rows = (
        charges.order_by()
        .values(key=F(of), name=F(f"{of}__name"), currency=F("dispute__currency"))
        .annotate(
            disputes=Count("dispute", distinct=True),
            charges=Count("pk"),
            disputed=Sum("amount"),
            accepted=Sum("amount", filter=ACCEPTED, default=money.ZERO),
            rejected=Sum("amount", filter=REJECTED, default=money.ZERO),
        )
        .order_by("currency", "-disputed", "name")
    )
    return [Figure(**row) for row in rows]
