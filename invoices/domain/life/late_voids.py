"""Actions that were taken back after their period was closed, while they are charged: a draft is regenerated, what is issued
is to be credited."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum

from billing_engine.core import money
from billing_engine.core.errors import Refused
from invoices.models import Invoice
from leads.models import Action


class TakenBackSince(Refused):
    """What is no longer owed is not asked for unseen."""

    code = "taken_back_since"


@dataclass(frozen=True, slots=True)
class TakenBack:
    """How many actions, and what they are charged."""

    actions: int = 0
    amount: Decimal = money.ZERO

    @property
    def words(self) -> str:
        """`1 action was taken back since`."""
        return f"{self.actions:,} {'action was' if self.actions == 1 else 'actions were'} taken back since"


def taken_back_in(periods: Iterable[int]) -> dict[int, TakenBack]:
    """By the period's number, of those in which something charged was taken back; one query over what was, and no more."""
    found = _charged().filter(period__in=periods).values_list("period")
    rows = found.annotate(Count("pk"), Sum("charge__amount"))
    return {period: TakenBack(count, amount) for period, count, amount in rows}


def taken_back_of(invoice: Invoice) -> TakenBack:
    """What of the invoice was taken back since it was drafted; nothing of one that is void: its period was opened again."""
    if invoice.state == Invoice.State.VOID:
        return TakenBack()
    return taken_back_in([invoice.period_id]).get(invoice.period_id, TakenBack())


def to_be_credited(labels: Iterable[str]) -> dict[str, TakenBack]:
    """By currency, what of these cycles was taken back after it was issued."""
    issued = _charged().filter(period__label__in=labels, period__invoices__state=Invoice.State.ISSUED)
    rows = issued.values_list("period__invoices__currency").annotate(Count("pk"), Sum("charge__amount"))
    return {currency: TakenBack(count, amount) for currency, count, amount in rows}


def periods_taken_back_from() -> "QuerySet[Action, int]":
    """The numbers of the periods of which something charged was taken back."""
    return _charged().values_list("period", flat=True)


def actions_taken_back(invoice: Invoice) -> "QuerySet[Action]":
    """Each of them, in rating order."""
    related = ("action_type", "lead", "charge")
    return _charged().filter(period=invoice.period_id).order_by("occurred_at", "pk").select_related(*related)


def check_taken_back(invoice: Invoice, *, known: int = 0) -> int:
    """How many were taken back; raises TakenBackSince where it is more than a person has `known` of."""
    found = taken_back_of(invoice)
    if found.actions > known:
        amount = money.in_words(found.amount, invoice.currency)
        deed = "Send it back and regenerate it" if invoice.state == Invoice.State.APPROVED else "Regenerate it"
        raise TakenBackSince(f"{found.words} ({amount}). {deed}, or approve it with a reason.")
    return found.actions


def _charged() -> "QuerySet[Action]":
    return Action.objects.voided_after_close().filter(charge__reason="")
