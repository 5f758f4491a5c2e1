"""The tabs of the list of invoices: how many each has, and what they come to, by currency.

Each invoice is in exactly one tab. What is issued is open, past due or paid by what the books say is left of it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import partial

from django.db.models import Count, Q, Sum

from billing_engine.core import money
from billing_engine.core.models import ApprovalRequest
from billing_engine.core.money import in_words
from invoices.domain.life.deeds import ADJUSTED_INVOICE
from invoices.domain.lines.books import books
from invoices.models import Invoice

State = Invoice.State


class Tab(StrEnum):
    """A tab, in the order of an invoice's life."""

    DRAFT = "draft"
    TO_APPROVE = "to_approve"
    APPROVED = "approved"
    ISSUED = "issued"
    OVERDUE = "overdue"
    PAID = "paid"
    VOID = "void"


TITLES = {
    Tab.DRAFT: "Draft",
    Tab.TO_APPROVE: "To approve",
    Tab.APPROVED: "Approved",
    Tab.ISSUED: "Issued",
    Tab.OVERDUE: "Overdue",
    Tab.PAID: "Paid",
    Tab.VOID: "Void",
}
Sums = dict[str, tuple[int, Decimal]]  # by currency: how many, and their amount


@dataclass(frozen=True, slots=True)
class TabSum:
    """What a tab says: its invoices, and what they come to, one amount of each currency."""

    tab: Tab
    title: str
    invoices: int
    amounts: tuple[str, ...]


def rows_of(tab: Tab, *, at: datetime) -> Q:
    """Return the condition that an invoice is in the tab."""
    open_invoices: Callable[..., Q] = partial(books().open_invoices, at=at)
    conditions: Mapping[Tab, Callable[[], Q]] = {
        Tab.DRAFT: lambda: Q(state=State.DRAFT) & ~Q(pk__in=_asked_for()),
        Tab.TO_APPROVE: lambda: Q(state=State.DRAFT, pk__in=_asked_for()),
        Tab.APPROVED: lambda: Q(state=State.APPROVED),
        Tab.ISSUED: lambda: Q(state=State.ISSUED) & open_invoices(is_overdue=False),
        Tab.OVERDUE: lambda: Q(state=State.ISSUED) & open_invoices(is_overdue=True),
        Tab.PAID: lambda: Q(state=State.ISSUED) & ~open_invoices(),
        Tab.VOID: lambda: Q(state=State.VOID),
    }
    return conditions[tab]()


def tab_sums(*, at: datetime) -> list[TabSum]:
    """Return all tabs: totals with tax, of issued and overdue invoices what is left; in four queries."""
    by_state = {state: Sums() for state in State}
    rows = Invoice.objects.order_by().values_list("state", "currency").annotate(count=Count("*"), sum=Sum("total"))
    for state, currency, count, total in rows:
        by_state[State(state)][currency] = count, total
    asked = Invoice.objects.filter(pk__in=_asked_for(), state=State.DRAFT).order_by().values_list("currency")
    to_approve: Sums = {
        currency: (count, total) for currency, count, total in asked.annotate(count=Count("*"), sum=Sum("total"))
    }
    left, paid = {False: Sums(), True: Sums()}, by_state[State.ISSUED]
    for one in books().open_sums(at=at):
        left[one.is_overdue][one.currency] = one.invoices, one.left
        paid = _without(paid, {one.currency: (one.invoices, one.total)})
    sums = {
        Tab.DRAFT: _without(by_state[State.DRAFT], to_approve),
        Tab.TO_APPROVE: to_approve,
        Tab.APPROVED: by_state[State.APPROVED],
        Tab.ISSUED: left[False],
        Tab.OVERDUE: left[True],
        Tab.PAID: paid,
        Tab.VOID: by_state[State.VOID],
    }
    return [_shown(tab, found) for tab, found in sums.items()]


def _shown(tab: Tab, sums: Sums) -> TabSum:
    amounts = tuple(in_words(sums[currency][1], currency) for currency in sorted(sums))
    return TabSum(tab, TITLES[tab], sum(count for count, _ in sums.values()), amounts)


def _without(sums: Sums, others: Sums) -> Sums:
    """The sums less the others; a currency without invoices is left out."""
    found = dict(sums)
    for currency, (count, amount) in others.items():
        before = found.pop(currency, (0, money.ZERO))  # the queries follow each other: one may have been issued between
        if before[0] > count:
            found[currency] = before[0] - count, before[1] - amount
    return found


def _asked_for() -> Iterable[int]:
    """The ids of the drafts whose approval was asked for."""
    waiting = ApprovalRequest.objects.waiting().filter(kind=ADJUSTED_INVOICE.value)
    return [int(subject.rpartition(":")[2]) for subject in waiting.values_list("subject", flat=True)]
