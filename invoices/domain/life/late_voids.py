"""Charged actions that were voided after their period was closed: regenerate a draft, credit an issued invoice."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum

from billing_engine.core import money
from billing_engine.core.errors import Refused
from invoices.domain.lines.books import books
from invoices.models import Invoice
from leads.models import Action


class ActionsVoided(Refused):
    """An invoice with voided actions cannot be approved or issued without a reason."""

    code = "actions_voided"


@dataclass(frozen=True, slots=True)
class LateVoids:
    """The number of voided actions, and the sum of their charges."""

    actions: int = 0
    amount: Decimal = money.ZERO

    @property
    def in_words(self) -> str:
        """Return, for example, `1 action was voided after drafting`."""
        return f"{self.actions:,} {'action was' if self.actions == 1 else 'actions were'} voided after drafting"


def late_voids_in(periods: Iterable[int]) -> dict[int, LateVoids]:
    """Return the late voids of these periods by period id, in one query."""
    found = _charged().filter(period__in=periods).values_list("period")
    rows = found.annotate(Count("pk"), Sum("charge__amount"))
    return {period: LateVoids(count, amount) for period, count, amount in rows}


def late_voids_of(invoice: Invoice) -> LateVoids:
    """Return the late voids of an invoice; a void invoice has none, because its period was reopened."""
    if invoice.state == Invoice.State.VOID:
        return LateVoids()
    return late_voids_in([invoice.period_id]).get(invoice.period_id, LateVoids())


def to_be_credited(labels: Iterable[str]) -> dict[str, LateVoids]:
    """Return by currency which charges of these cycles were voided after their invoice was issued."""
    issued = _charged().filter(period__label__in=labels, period__invoices__state=Invoice.State.ISSUED)
    rows = issued.values_list("period__invoices__currency").annotate(Count("pk"), Sum("charge__amount"))
    return {currency: LateVoids(count, amount) for currency, count, amount in rows}


def periods_with_late_voids() -> "QuerySet[Action, int]":
    """Return the ids of the periods that have late voids."""
    return _charged().values_list("period", flat=True)


def voided_actions(invoice: Invoice) -> "QuerySet[Action]":
    """Return the invoice's charged actions that were voided after the close, in rating order."""
    related = ("action_type", "lead", "charge")
    return _charged().filter(period=invoice.period_id).order_by("occurred_at", "pk").select_related(*related)


def check_late_voids(invoice: Invoice, found: LateVoids | None, *, known: int = 0) -> None:
    """Raise ActionsVoided if the invoice has more late voids than the number `known` at approval."""
    if found is not None and found.actions > known:
        amount = money.in_words(found.amount, invoice.currency)
        advice = "Send it back and regenerate it" if invoice.state == Invoice.State.APPROVED else "Regenerate it"
        raise ActionsVoided(f"{found.in_words} ({amount}). {advice}, or approve it with a reason.")


def _charged() -> "QuerySet[Action]":
    return books().uncredited(Action.objects.voided_after_close().filter(charge__reason=""))
