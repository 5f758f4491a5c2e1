"""A customer's issued and void invoices, each with what was credited, paid, disputed and is left, and its state in a word."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from django.db.models import Max, QuerySet, Sum

from billing_engine.core.money import ZERO
from invoices.domain.document.replacement import Replacements, replacements_of
from invoices.models import Invoice
from leads.models import Customer
from receivables.domain.disputes.disputed import disputed_of, to_pay
from receivables.models import Allocation, LedgerDocument

Kind, Side = LedgerDocument.Kind, LedgerDocument.Side
NONE = Replacements(None, None)


class Standing(StrEnum):
    """The state of an invoice."""

    OPEN = "open"
    OVERDUE = "overdue"
    PAID = "paid"
    CREDITED = "credited"
    NOTHING = "nothing"  # it asks for nothing
    VOID = "void"


STANDINGS = tuple(each.value for each in Standing)


@dataclass(frozen=True, slots=True)
class Used:
    """What was matched to an invoice by credit and by payments, and the latest day of each."""

    credited: Decimal = ZERO
    paid: Decimal = ZERO
    credited_on: date | None = None
    paid_on: date | None = None
    by: tuple[tuple[str, str, Decimal], ...] = ()  # kind, reference, amount


@dataclass(frozen=True, slots=True)
class CustomerInvoice:
    """One invoice as it stands today."""

    invoice: Invoice
    today: date
    owed: Decimal  # what it asked for, before credit
    used: Used
    disputed: Decimal
    replacements: Replacements

    @property
    def left(self) -> Decimal:
        """What is open; below zero, it is kept as credit."""
        return ZERO if self.is_void else self.owed - self.used.credited - self.used.paid

    @property
    def to_pay(self) -> Decimal:
        """What is open without what is disputed."""
        return to_pay(self.left, self.disputed)

    @property
    def is_void(self) -> bool:
        return self.invoice.state == Invoice.State.VOID

    @property
    def standing(self) -> Standing:
        """Its state: overdue only if something undisputed is past due, paid only by payments."""
        if self.is_void:
            return Standing.VOID
        if self.left > 0:
            due = self.invoice.due_on
            return Standing.OVERDUE if due and due < self.today and self.to_pay > 0 else Standing.OPEN
        if self.used.paid:
            return Standing.PAID
        return Standing.CREDITED if self.used.credited else Standing.NOTHING


def customer_invoices(customer: Customer, *, on: date, pk: int | None = None) -> list[CustomerInvoice]:
    """Return the customer's numbered invoices, the latest first; or the one with this id."""
    invoices = Invoice.objects.filter(customer=customer, number__isnull=False)
    found = list(_narrowed(invoices, pk).select_related("period__customer", "customer").order_by("-issued_at", "-pk"))
    pks = [each.pk for each in found]
    owed, used = _owed(pks), _used(pks)
    disputed = disputed_of(invoices=pks) if pks else {}
    replaced = replacements_of(found)
    return [
        CustomerInvoice(
            each,
            on,
            owed.get(each.pk, each.subtotal + each.tax),
            used.get(each.pk, Used()),
            disputed.get(each.pk, ZERO),
            replaced.get(each.pk, NONE),
        )
        for each in found
    ]


def _narrowed(invoices: QuerySet[Invoice], pk: int | None) -> QuerySet[Invoice]:
    return invoices if pk is None else invoices.filter(pk=pk)


def _owed(invoices: Collection[int]) -> Mapping[int, Decimal]:
    found = LedgerDocument.objects.filter(invoice__in=invoices, kind=Kind.INVOICE)
    return {row.invoice_id or 0: row.amount if row.side != Side.CREDIT else -row.amount for row in found}


def _used(invoices: Collection[int]) -> Mapping[int, Used]:
    made = Allocation.objects.filter(debit__invoice__in=invoices, debit__kind=Kind.INVOICE)
    rows = made.values_list("debit__invoice", "credit__kind", "credit__reference", "credit")
    sums = rows.annotate(sum=Sum("amount"), latest=Max("posted_on")).order_by("debit__invoice", "credit")
    by_invoice = defaultdict[int, list[tuple[str, str, Decimal, date]]](list)
    for invoice, kind, reference, _, amount, latest in sums:
        if amount:
            by_invoice[invoice].append((kind, reference, amount, latest))
    return {invoice: _added(found) for invoice, found in by_invoice.items()}


def _added(found: Sequence[tuple[str, str, Decimal, date]]) -> Used:
    paid = [each for each in found if each[0] == Kind.PAYMENT]
    credited = [each for each in found if each[0] != Kind.PAYMENT]
    return Used(
        sum((each[2] for each in credited), ZERO),
        sum((each[2] for each in paid), ZERO),
        max((each[3] for each in credited), default=None),
        max((each[3] for each in paid), default=None),
        tuple(each[:3] for each in found),
    )
