"""Close periods and draft their invoices in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from billing_engine.core.errors import Refused
from invoices.domain.life.adjustments import AdjustmentLine, carried_over_adjustments
from invoices.domain.life.draft import draft
from invoices.domain.lines.minimum import minimum_of
from invoices.models import Invoice
from leads.models import BillingPeriod, UnratedMark
from pricing.domain.audit.terms import Terms, keep_terms, stored_rules
from pricing.domain.rate.carry_over import mark_earlier
from pricing.domain.rate.rate import rate_together
from pricing.models import PeriodTally


class PeriodNotOver(Refused):
    """A period can be billed once it has ended."""

    code = "period_not_over"
    message = "This billing period has not ended yet."


class HasUnratedActions(Refused):
    """A period with unrated actions cannot be closed."""

    code = "unrated_actions"


class AlreadyClosed(Refused):
    """A closed period cannot be closed again."""

    code = "period_is_closed"
    message = "This billing period is already closed."


@dataclass(frozen=True, slots=True)
class Closed:
    """The outcome of closing periods: the draft of each (None if there is nothing to bill), or why it was refused."""

    drafts: Mapping[int, Invoice | None]
    refused: Mapping[int, Refused]


@transaction.atomic
def close(
    period: BillingPeriod, *, at: datetime, adjustments: Sequence[AdjustmentLine] | None = None
) -> Invoice | None:
    """Rate the period if needed, close it and draft its invoice; return None if there is nothing to bill.

    Raises AlreadyClosed, PeriodNotOver or HasUnratedActions; then nothing has changed. Deliveries for this customer
    wait until the period is closed. `adjustments` are those of the draft that this one replaces; by default, those of
    the voided invoice that it replaces.
    """
    closed = close_together([period], at=at, adjustments=None if adjustments is None else {period.pk: adjustments})
    for refusal in closed.refused.values():
        raise refusal
    return closed.drafts[period.pk]


@transaction.atomic
def close_together(
    periods: Sequence[BillingPeriod],
    *,
    at: datetime,
    adjustments: Mapping[int, Sequence[AdjustmentLine]] | None = None,
) -> Closed:
    """The same for periods of different customers; those that are refused stay open and don't stop the others."""
    locked = _locked(periods)
    refused, ready = _refused(locked, at)
    if not ready:
        return Closed({}, refused)
    terms = _close(ready, at)
    if adjustments is None:
        adjustments = carried_over_adjustments(ready)
    return Closed(draft(ready, stored_rules(terms.values()), adjustments=adjustments), refused)


@transaction.atomic
def close_if_empty(period: BillingPeriod, *, at: datetime) -> bool:
    """Close a period without actions and without a minimum due, without a draft; return whether it was closed.

    An inactive customer owes no minimum, because no run bills it.
    """
    [period] = _locked([period])
    if period.actions.exists() or (period.customer.is_active and minimum_of(period)[0]):
        return False
    refused, ready = _refused([period], at)
    for refusal in refused.values():
        raise refusal
    _close(ready, at)
    return True


def _locked(periods: Sequence[BillingPeriod]) -> list[BillingPeriod]:
    found = BillingPeriod.objects.select_for_update(of=("self",)).select_related("customer").order_by("pk")
    return list(found.prefetch_related("customer__terms").filter(pk__in=[period.pk for period in periods]))


def _refused(periods: Sequence[BillingPeriod], at: datetime) -> tuple[dict[int, Refused], list[BillingPeriod]]:
    """Rate the periods if needed; return why some can't be closed, and the others."""
    refused: dict[int, Refused] = {}
    for period in periods:
        if not period.is_open:
            refused[period.pk] = AlreadyClosed()
        elif period.end_at > at:
            refused[period.pk] = PeriodNotOver()
    over = [period for period in periods if period.pk not in refused]
    unrated = {pk: count for pk, count in _unrated(over, at).items() if count}
    refused |= {pk: HasUnratedActions(unrated_in_words(count)) for pk, count in unrated.items()}
    return refused, [period for period in over if period.pk not in unrated]


def _close(periods: Sequence[BillingPeriod], at: datetime) -> dict[int, Terms]:
    """Close periods that have ended and have no unrated actions; keep and return the terms they were rated by."""
    terms = keep_terms(periods)
    for period in periods:
        period.state, period.closed_at = BillingPeriod.State.CLOSED, at
    ids = [period.pk for period in periods]
    BillingPeriod.objects.filter(pk__in=ids).update(state=BillingPeriod.State.CLOSED, closed_at=at)
    mark_earlier(periods)
    return terms


def unrated_in_words(count: int) -> str:
    """Say why a period with this many unrated actions cannot be closed, and what to do."""
    actions, them = ("action is", "it") if count == 1 else ("actions are", "them")
    return f"{count:,} {actions} unrated. Operations must add a price rule for {them}, or waive {them} with a reason."


def _unrated(periods: Sequence[BillingPeriod], at: datetime) -> dict[int, int]:
    """Count the unrated actions of each period, after rating those that need it."""
    counts = dict(PeriodTally.objects.filter(period__in=periods).values_list("period", "unrated"))
    marked = set(UnratedMark.objects.filter(period__in=periods).values_list("period", flat=True))
    to_rate = [period for period in periods if period.pk in marked or period.pk not in counts]
    tallies = rate_together(to_rate, at=at) if to_rate else {}
    return counts | {pk: tally.unrated for pk, tally in tallies.items()}
