"""Who would be reminded of what: open invoices net of unapplied credit, by the levels of the company's schedule.

Nothing about it is stored: what is open, and which levels an invoice was reminded at since it was last opened again, is
computed from the ledger and from the reminders that were sent.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from billing_engine.core import money
from leads.models import Company, Customer
from receivables.domain.disputes.disputed import set_aside
from receivables.domain.ledger.items import with_left
from receivables.models import Allocation, LedgerDocument, Reminder, ReminderItem, ReminderPause, ReminderSchedule

Kind, Side = LedgerDocument.Kind, LedgerDocument.Side
CUSTOMERS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Due:
    """An invoice in a reminder: what is to be paid of it, and the level that it has reached."""

    document: LedgerDocument
    due_on: date
    days: int  # after due; negative: before
    open: Decimal
    disputed: Decimal
    credit: Decimal  # unapplied credit that is set against it
    level: int  # 0: none yet
    is_due: bool  # past due, or at a level that is not before the due day

    @property
    def to_pay(self) -> Decimal:
        """What the customer is asked for."""
        return self.open - self.disputed - self.credit


@dataclass(frozen=True, slots=True)
class Owed:
    """Everything that one customer would be reminded of today, in one email."""

    customer: Customer
    level: int
    items: Sequence[Due]
    others: Sequence[Due] = ()  # what else is open: not due yet, disputed, or covered by credit

    def totals(self) -> dict[str, Decimal]:
        """What is to be paid, by currency."""
        sums = defaultdict[str, Decimal](Decimal)
        for item in self.items:
            sums[item.document.currency] += item.to_pay
        return dict(sums)


def owed_by(seller: Company | None, *, at: datetime, customers: Collection[int] | None = None) -> Iterator[Owed]:
    """Yield each customer of the company that is due for a reminder, a few hundred at a time."""
    levels = list(ReminderSchedule.objects.filter(seller=seller, is_active=True).order_by("days", "level"))
    if not levels:
        return
    found = _candidates(seller, levels[0], at, customers)
    for start in range(0, len(found), CUSTOMERS_AT_ONCE):
        some = found[start : start + CUSTOMERS_AT_ONCE]
        yield from _of_some(seller, levels, Customer.objects.in_bulk(some), at=at)


def _candidates(
    seller: Company | None, first: ReminderSchedule, at: datetime, customers: Collection[int] | None
) -> list[int]:
    """The customers with an open invoice that may have reached the first level; a day more for the time zones."""
    since = at.date() - timedelta(days=first.days - 1)
    invoices = _invoices(seller).alias(due=Coalesce("due_on", "posted_on")).filter(due__lte=since)
    if customers is not None:
        invoices = invoices.filter(customer__in=customers)
    found = with_left(invoices, open_only=True).order_by().values_list("customer", flat=True)
    return sorted(set(found))


def _invoices(seller: Company | None) -> QuerySet[LedgerDocument]:
    return LedgerDocument.objects.filter(kind=Kind.INVOICE, side=Side.DEBIT, seller=seller)


def _of_some(
    seller: Company | None, levels: Sequence[ReminderSchedule], customers: Mapping[int, Customer], *, at: datetime
) -> Iterator[Owed]:
    of = Q(customer__in=customers)
    invoices = defaultdict[int, list[LedgerDocument]](list)
    found = with_left(_invoices(seller).filter(of), open_only=True).alias(due=Coalesce("due_on", "posted_on"))
    for document in found.order_by("due", "pk"):
        invoices[document.customer_id].append(document)
    credit = _credit(seller, of)
    disputed = set_aside(list(customers), at=at)
    told = _levels_told([each.pk for some in invoices.values() for each in some])
    paused = _paused(customers, at)
    for pk, customer in customers.items():
        if None in paused[pk]:
            continue
        mine = [each for each in invoices[pk] if each.pk not in paused[pk]]
        opened = list(_items(mine, levels, credit[pk], disputed, on=customer.day_of(at)))
        new = [item for item in opened if item.to_pay > 0 and item.level > told.get(item.document.pk, 0)]
        if new:
            yield _email(customer, max(new, key=lambda item: item.level), opened)


def _email(customer: Customer, reached: Due, opened: Sequence[Due]) -> Owed:
    """All that is due in one email; or before the due day, what a note of that level is about."""

    def is_in_it(item: Due) -> bool:
        return item.to_pay > 0 and (item.is_due if reached.is_due else item.level > 0 and not item.is_due)

    items = [item for item in opened if is_in_it(item)]
    return Owed(customer, reached.level, items, [item for item in opened if not is_in_it(item)])


def _items(
    invoices: Sequence[LedgerDocument],
    levels: Sequence[ReminderSchedule],
    credit: dict[str, Decimal],
    disputed: Mapping[int, Decimal],
    *,
    on: date,
) -> Iterator[Due]:
    """The invoices that are open, oldest first.

    What is disputed is left out; unapplied credit is set against the oldest.
    """
    left = dict(credit)
    for document in invoices:
        due_on = document.due_on or document.posted_on
        days = (on - due_on).days
        aside = min(disputed.get(document.invoice_id or 0, money.ZERO), document.left)
        used = min(left.get(document.currency, money.ZERO), document.left - aside)
        left[document.currency] = left.get(document.currency, money.ZERO) - used
        reached = [each for each in levels if each.days <= days and (each.days >= 0 or days <= 0)]
        level = max((each.level for each in reached), default=0)
        is_due = days > 0 or any(each.days >= 0 for each in reached)
        yield Due(document, due_on, days, document.left, aside, used, level, is_due)


def _credit(seller: Company | None, of: Q) -> dict[int, dict[str, Decimal]]:
    """What credit items have left, by customer and currency."""
    sums = defaultdict[int, dict[str, Decimal]](lambda: defaultdict(Decimal))
    items = LedgerDocument.objects.filter(of, side=Side.CREDIT, seller=seller)
    for item in with_left(items, open_only=True):
        sums[item.customer_id][item.currency] += item.left
    return sums


def _levels_told(documents: Collection[int]) -> dict[int, int]:
    """The highest level at which each invoice was reminded, since it was last opened again."""
    taken_back = Allocation.objects.filter(debit=OuterRef("document"), amount__lt=0).order_by("-recorded_at")
    items = ReminderItem.objects.filter(document__in=documents, reminder__in=Reminder.objects.told())
    items = items.annotate(opened_again=Subquery(taken_back.values("recorded_at")[:1]))
    standing = items.filter(Q(opened_again=None) | Q(reminder__claimed_at__gt=F("opened_again")))
    return dict(standing.order_by().values_list("document").annotate(Max("level")))


def _paused(customers: Mapping[int, Customer], at: datetime) -> dict[int, set[int | None]]:
    """The invoices of each customer that are paused today; None stands for all of them."""
    paused = defaultdict[int, set[int | None]](set)
    for pause in ReminderPause.objects.filter(customer__in=customers, ended_at=None):
        if pause.until is None or customers[pause.customer_id].day_of(at) <= pause.until:
            paused[pause.customer_id].add(pause.document_id)
    return paused
