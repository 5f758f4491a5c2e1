"""The month that Finance closes: its steps, its sums by currency, and what is to be decided."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from billing_engine.core.admin_kit.cells import NOTHING, list_of, page_of
from billing_engine.core.approvals.inbox import to_decide
from billing_engine.core.approvals.kinds import kind_of
from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.models import ApprovalRequest
from billing_engine.core.money import ZERO, in_words
from invoices.domain.month_close.unfinished import remaining_in
from invoices.domain.wording import month_in_words
from invoices.models import BillingCycle, Invoice
from invoices.queries.close_steps import Step, next_of, steps_of
from invoices.queries.month import Money, money_in, periods_in
from invoices.queries.month_figures import Figure, money_in_words
from invoices.queries.months import ended_in_words

State = BillingCycle.State
DECISIONS_SHOWN = 6
PERCENT = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class CurrencyRow:
    """One currency's amounts of the month by state, and the same total of the month before."""

    currency: str
    figures: tuple[Figure, ...]
    total: str
    before: Figure
    change: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A request that the person may decide."""

    kind: str
    subject: str
    address: str
    asked_by: str
    request: ApprovalRequest


def month_to_close(current: Cycle) -> Cycle | None:
    """Return the oldest month that is over and not closed."""
    waiting = BillingCycle.objects.exclude(state=State.CLOSED).filter(label__lt=str(current))
    label = waiting.order_by("label").values_list("label", flat=True).first()
    return Cycle.parse(label) if label else None


def month_steps(month: Cycle, today: date) -> dict[str, Any]:
    """Return the steps of the month's close, when it ended, and its page."""
    cycle = BillingCycle.objects.filter(label=str(month)).first()
    steps = steps_of(cycle or BillingCycle(label=str(month)), remaining_in(str(month)))
    is_over = month.next().first <= today
    return {
        "steps": steps,
        "since": ended_in_words(month, today),
        "progress": _progress(steps) if is_over else "",
        "address": page_of("invoices.billingcycle", cycle.pk) if cycle else list_of("invoices.billingcycle"),
        "is_next": is_over and next_of(steps) is not None,
    }


def _progress(steps: list[Step]) -> str:
    found = next_of(steps)
    return f"step {found[0]} of {len(steps)}" if found else "all steps done"


def month_sums(month: Cycle, today: date) -> dict[str, Any]:
    """Return the amounts by currency and state, beside the month before, and how many periods are closed."""
    now, earlier = money_in(month), {money.currency: money for money in money_in(month.previous())}
    found = {money.currency: money for money in now}
    is_over = month.next().first <= today
    currencies = sorted({*found, *earlier}) if now else []
    rows = [_row(month, found.get(each, Money(each)), earlier.get(each, Money(each)), is_over) for each in currencies]
    return {"rows": rows, "periods": periods_in(month), "before": month_in_words(str(month.previous()))}


def _row(month: Cycle, money: Money, before: Money, is_over: bool) -> CurrencyRow:  # noqa: FBT001 -- one caller
    shown, total, total_before = money_in_words(month, money), _total(money), _total(before)
    address = list_of("invoices.invoice", month=str(month.previous())) if before.invoices else ""
    return CurrencyRow(
        money.currency,
        shown.figures,
        shown.total,
        Figure("", in_words(total_before, money.currency), address),
        _change(total, total_before) if is_over else NOTHING,
    )


def _total(money: Money) -> Decimal:
    return money.unbilled + sum(money.by_state.values(), ZERO)


def _change(now: Decimal, before: Decimal) -> str:
    if not before:
        return NOTHING
    percent = ((now - before) * 100 / before).quantize(PERCENT)
    return f"{'+' if percent > 0 else '−' if percent < 0 else ''}{abs(percent)}%" if percent else "0%"


def has_drafts_in(month: Cycle) -> bool:
    """Return whether there are drafts that may be flagged."""
    return Invoice.objects.filter(period__label__in=month.labels, state=Invoice.State.DRAFT).exists()


def decisions(by: User) -> list[Decision]:
    """Return the oldest requests that the person may decide."""
    return [
        Decision(
            kind_of(request.kind).words,
            request.subject_name,
            page_of("core.approvalrequest", request.pk),
            request.asked_by.get_full_name() or request.asked_by.get_username(),
            request,
        )
        for request in to_decide(by).select_related("asked_by")[:DECISIONS_SHOWN]
    ]
