"""What is disputed of invoices, and when rejected amounts fall due again: for ageing, statements and reminders."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, Sum

from billing_engine.core import money
from invoices.models import Invoice
from leads.models import Customer
from receivables.models import Dispute

ON_AN_ISSUED_INVOICE = Q(period__invoices__state=Invoice.State.ISSUED)


@dataclass(frozen=True, slots=True)
class DueAgain:
    """A rejected amount with its tax, and the day on which it falls due again."""

    amount: Decimal
    due_on: date


def disputed_of(*, customers: Collection[int] = (), invoices: Collection[int] = ()) -> dict[int, Decimal]:
    """Return what is disputed, with tax, of each issued invoice: of these customers, or these invoices; in one query.

    *Open* is what is outstanding; *to pay* is that without what is disputed, and never below zero.
    """
    of = Q(customer__in=customers) if customers else Q(period__invoices__in=invoices)
    found = Dispute.objects.undecided().filter(ON_AN_ISSUED_INVOICE, of).values_list("period__invoices")
    return dict(found.order_by("period__invoices").annotate(disputed=Sum(F("amount") + F("tax"))))


def to_pay(outstanding: Decimal, disputed: Decimal) -> Decimal:
    """Return what is to be paid of what is open."""
    return max(outstanding - disputed, min(outstanding, money.ZERO))


def set_aside(customers: Collection[int], *, at: datetime) -> dict[int, Decimal]:
    """Return what is not reminded of each invoice: what is disputed, and what was rejected and is not due again yet."""
    found = defaultdict[int, Decimal](Decimal, disputed_of(customers=customers))
    today = {customer.pk: customer.day_of(at) for customer in Customer.objects.filter(pk__in=customers)}
    for dispute_of, customer, again in _due_again(Q(customer__in=customers)):
        if again.due_on > today[customer]:
            found[dispute_of] += again.amount
    return dict(found)


def due_of(invoices: Collection[int]) -> dict[int, list[DueAgain]]:
    """Return what of each invoice falls due later than its due day, because it was disputed and rejected; in one query.

    It falls due at the invoice's due day or 14 days after the decision, whichever is later.
    """
    found = defaultdict[int, list[DueAgain]](list)
    for invoice, _, again in _due_again(Q(period__invoices__in=invoices)):
        found[invoice].append(again)
    return dict(found)


def _due_again(of: Q) -> Iterator[tuple[int, int, DueAgain]]:
    """The invoice, its customer, and what of it falls due later than its due day."""
    rejected = Q(state__in=[Dispute.State.REJECTED, Dispute.State.ACCEPTED_IN_PART])
    accepted = Sum("charges__amount", filter=Q(charges__is_accepted=True), default=money.ZERO)
    rows = Dispute.objects.filter(rejected, ON_AN_ISSUED_INVOICE, of)
    rows = rows.select_related("customer").annotate(accepted=accepted).order_by("decided_at", "pk")
    found: Any = rows.annotate(of=F("period__invoices"), was_due=F("period__invoices__due_on"))
    for dispute in found:
        again = dispute.due_again_on(dispute.was_due)
        if again > dispute.was_due:
            yield dispute.of, dispute.customer_id, DueAgain(dispute.rejected(dispute.accepted), again)
