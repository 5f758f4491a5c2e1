"""What blocks a month's close, or is worth knowing before it, by step."""

from collections.abc import Sequence

from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.admin_kit.task_cards import TaskCard
from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.counts import names_in_words
from billing_engine.core.money import in_words
from invoices.domain.life.late_voids import to_be_credited
from invoices.domain.month_close.bulk_action import without_contacts
from invoices.domain.month_close.unfinished import Remaining, stuck_in
from invoices.models import BillingCycle, Invoice
from invoices.queries.close_steps import APPROVE, CLEAR, ISSUE, RUN, SEND
from invoices.queries.cycle import Flagged, cut_by_budgets_in, silent_in, without_invoice_in

Counted = tuple[int, str, str, str, str]  # count, label, advice, URL, color


def cards_of(cycle: BillingCycle, left: Remaining, flagged: Sequence[Flagged]) -> dict[str, list[TaskCard]]:
    """Return by step what blocks the month's close, or is worth knowing before it."""
    found = {
        CLEAR: _before_the_run(cycle.label, left),
        RUN: _of_periods(cycle.label, left),
        APPROVE: _of_drafts(cycle.label, flagged),
        ISSUE: (_to_be_credited(cycle.label),),
        SEND: _outgoing(cycle, left),
    }
    return {
        step: [
            TaskCard.of(count, what, advice, address, tone) for count, what, advice, address, tone in counted if count
        ]
        for step, counted in found.items()
    }


def _before_the_run(label: str, left: Remaining) -> tuple[Counted, ...]:
    """Return what no run can bill."""
    return (
        (
            left.quarantined,
            "in quarantine",
            "Fix and retry, or discard with a reason",
            list_of("leads.quarantineditem", month=label, state="unsettled"),
            "orange",
        ),
        (
            left.unrated,
            "unrated",
            "No rule prices them. Operations must add one, or waive them",
            list_of("pricing.unratedaction", period__label__in=",".join(labels_of(label))),
            "orange",
        ),
    )


def _of_periods(label: str, left: Remaining) -> tuple[Counted, ...]:
    """Return the billing periods that need attention."""
    silent = silent_in(label) if not left.not_billed and left.unrated == 0 else []
    return (
        (
            left.failed,
            "could not be billed",
            "Fix the causes, then retry the run",
            list_of("invoices.billingrun", q=label),
            "red",
        ),
        (
            without_invoice_in(label),
            "closed without an invoice",
            "They have actions, but no invoice was drafted",
            list_of("leads.billingperiod", cycle=label, state__exact="closed"),
            "red",
        ),
        (
            left.periods.sealed,
            "to be billed again",
            "Their invoices are void and the month is locked. Use Bill again on each period's page",
            list_of("leads.billingperiod", cycle=label, state__exact="open"),
            "orange",
        ),
        (
            left.periods.inactive,
            "of inactive customers",
            "No run bills them. Activate the customer, or lock with a reason",
            list_of("leads.billingperiod", cycle=label, state__exact="open"),
            "orange",
        ),
        (
            len(silent),
            "gone silent",
            f"Charged last month, no invoice this month: {_silent_in_words(silent)}",
            list_of("leads.billingperiod", cycle=label),
            "blue",
        ),
    )


def _silent_in_words(silent: Sequence[Invoice]) -> str:
    """Return `Ash, $12.00, Birch, $3.00 and 2 more`: who was charged what last month."""
    return names_in_words([f"{one.customer.name} ({in_words(one.total, one.currency)})" for one in silent])


def _of_drafts(label: str, flagged: Sequence[Flagged]) -> tuple[Counted, ...]:
    """Return the drafts that need a look."""
    count = len(drafts_to_review(flagged))
    return (
        (
            count,
            "draft flagged" if count == 1 else "drafts flagged",
            "Review each one; its page says why. Approve all skips them",
            list_of("invoices.invoice", month=label, state__exact="draft"),
            "blue",
        ),
        _cut_by_budgets(label),
    )


def drafts_to_review(flagged: Sequence[Flagged]) -> set[int]:
    """Return the ids of the drafts that Approve all skips, because they are flagged."""
    return {one.invoice.pk for one in flagged if one.needs_review}


def _outgoing(cycle: BillingCycle, left: Remaining) -> tuple[Counted, ...]:
    """Return what is issued but could not be sent."""
    stuck, contactless = stuck_in(cycle.label), without_contacts(cycle) if left.unsent else []
    return (
        (
            stuck.invoices,
            "could not be sent",
            stuck.reasons,
            list_of("invoices.invoicemail", month=cycle.label, attention="yes"),
            "red",
        ),
        (
            stuck.documents,
            "without their PDF",
            "The PDF failed. The invoice's page says why.",
            list_of("invoices.invoice", month=cycle.label, document="failed"),
            "red",
        ),
        (
            len(contactless),
            "without billing contacts",
            f"Send all skips them: {names_in_words(contactless)}",
            list_of("invoices.invoice", month=cycle.label, sent="no_contacts"),
            "orange",
        ),
    )


def _to_be_credited(label: str) -> Counted:
    """Return the charges voided after their invoice was issued, which are owed to the customer."""
    found = to_be_credited(labels_of(label))
    amounts = " and ".join(in_words(found[currency].amount, currency) for currency in sorted(found))
    return (
        sum(one.actions for one in found.values()),
        "to be credited",
        f"{amounts} voided after the invoice was issued. Its page lists the actions",
        list_of("invoices.invoice", month=label, to_be_credited="1"),
        "orange",
    )


def _cut_by_budgets(label: str) -> Counted:
    """Return what hard budgets cut: as agreed, but worth knowing."""
    found = cut_by_budgets_in(label)
    amounts = " and ".join(in_words(found[currency][1], currency) for currency in sorted(found))
    return (
        sum(count for count, _ in found.values()),
        "cut by a hard budget",
        f"{amounts} above monthly budgets was not charged",
        list_of("invoices.invoice", month=label, cut_by_budget="1"),
        "blue",
    )
