"""The months of a list: what each comes to, its next step, and how long ago it ended; in a constant number of queries."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q, Sum

from billing_engine.core.calendar.spans import Cycle, labels_of
from billing_engine.core.calendar.wording import count_of_days
from billing_engine.core.money import ZERO, in_words
from invoices.domain.month_close.unfinished import OpenPeriods, Remaining
from invoices.models import BillingCycle, Invoice
from invoices.queries.close_steps import Step, next_of, steps_of
from leads.models import BillingPeriod

State = Invoice.State


@dataclass(frozen=True, slots=True)
class Overview:
    """A month in a list."""

    invoices: int
    totals: tuple[str, ...]  # in words, one of each currency, without void invoices
    steps: int
    next: tuple[int, Step] | None


def overviews(cycles: Collection[BillingCycle]) -> dict[int, Overview]:
    """Return what the list says about each month, by its id."""
    months = {label: cycle.label for cycle in cycles for label in labels_of(cycle.label)}
    periods, counts = _periods(months), defaultdict[str, Counter[str]](Counter)
    totals = defaultdict[str, dict[str, Decimal]](dict)
    unsent = Count("pk", filter=Q(state=State.ISSUED, sent_at=None))
    rows = Invoice.objects.live().filter(period__label__in=months).values_list("period__label", "currency", "state")
    for label, currency, state, count, total, not_sent in rows.order_by().annotate(
        Count("pk"), Sum("total"), unsent=unsent
    ):
        month = months[label]
        counts[month] += Counter({state: count, "unsent": not_sent})
        totals[month][currency] = totals[month].get(currency, ZERO) + total
    return {
        cycle.pk: _overview(cycle, periods[cycle.label], counts[cycle.label], totals[cycle.label]) for cycle in cycles
    }


def _periods(months: Mapping[str, str]) -> Mapping[str, Counter[str]]:
    """The billing periods of each month: all, and the open ones of active and of inactive customers."""
    found, is_open, active = defaultdict[str, Counter[str]](Counter), Q(state="open"), Q(customer__is_active=True)
    rows = BillingPeriod.objects.filter(label__in=months).order_by().values_list("label")
    kinds = {"all": Q(), "open": is_open & active & Q(is_sealed=False), "sealed": is_open & active & Q(is_sealed=True)}
    kinds["inactive"] = is_open & ~active
    for label, *numbers in rows.annotate(**{name: Count("pk", filter=kind) for name, kind in kinds.items()}):
        found[months[label]] += Counter(dict(zip(kinds, numbers, strict=True)))
    return found


def _overview(
    cycle: BillingCycle, periods: Mapping[str, int], counts: Counter[str], totals: Mapping[str, Decimal]
) -> Overview:
    left = Remaining(
        quarantined=0,  # what is waiting holds up no step
        unrated=0,
        failed=0,
        periods=OpenPeriods(periods["open"], periods["sealed"], periods["inactive"]),
        drafts=counts[State.DRAFT],
        approved=counts[State.APPROVED],
        unsent=counts["unsent"],
    )
    steps = steps_of(cycle, left, periods=periods["all"])
    shown = tuple(in_words(totals[currency], currency) for currency in sorted(totals))
    return Overview(sum(counts[state] for state in State), shown, len(steps), next_of(steps))


def ended_in_words(month: Cycle, today: date) -> str:
    """Return `ended 3 days ago`, `ends in 12 days`, `ends today`."""
    days = (today - month.next().first).days
    if days < 0:
        return f"ends in {count_of_days(-days - 1)}" if days < -1 else "ends today"
    return f"ended {count_of_days(days + 1)} ago" if days else "ended yesterday"
