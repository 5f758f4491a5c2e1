"""The cards on a month's page: what blocks its close, or is worth knowing before it."""

from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.admin_kit.task_cards import TaskCard
from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.counts import names_in_words
from billing_engine.core.money import in_words
from invoices.domain.life.late_voids import to_be_credited
from invoices.domain.month_close.bulk_action import without_contacts
from invoices.domain.month_close.unfinished import Remaining, stuck_in
from invoices.models import BillingCycle
from invoices.queries.cycle import cut_by_budgets_in, flagged_in, without_invoice_in

Counted = tuple[int, str, str, str, str]  # count, label, advice, URL, color


def blocker_cards(cycle: BillingCycle, left: Remaining) -> list[TaskCard]:
    """Return the cards of what blocks the month's close, in the order to deal with it."""
    return [
        TaskCard.of(count, what, advice, address, tone)
        for count, what, advice, address, tone in (
            *_before_drafts(cycle.label, left),
            *_of_invoices(cycle.label, left),
            *_outgoing(cycle, left),
        )
        if count
    ]


def _before_drafts(label: str, left: Remaining) -> tuple[Counted, ...]:
    """Return what is not on an invoice yet."""
    return (
        (
            left.quarantined,
            "in quarantine",
            "Fix and retry, or discard with a reason. The items are listed below",
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
        (
            left.failed,
            "could not be billed",
            "Fix the causes listed below, then retry the run",
            list_of("invoices.billingrun", q=label),
            "red",
        ),
    )


def _of_invoices(label: str, left: Remaining) -> tuple[Counted, ...]:
    """Return what needs attention on the month's invoices, or on periods without one."""
    flagged = flagged_in(label) if left.drafts else 0
    return (
        (
            flagged,
            "draft flagged" if flagged == 1 else "drafts flagged",
            "Review each one; its page says why. Approve all skips them",
            list_of("invoices.invoice", month=label, state__exact="draft"),
            "blue",
        ),
        (
            without_invoice_in(label),
            "closed without an invoice",
            "They have actions, but no invoice was drafted",
            list_of("leads.billingperiod", cycle=label, state__exact="closed"),
            "red",
        ),
        (
            left.sealed_periods,
            "to be billed again",
            "Their invoices are void and the month is locked. Use Bill again on each period's page",
            list_of("leads.billingperiod", cycle=label, state__exact="open"),
            "orange",
        ),
        _to_be_credited(label),
        _cut_by_budgets(label),
        (
            left.inactive_periods,
            "of inactive customers",
            "No run bills them. Activate the customer, or lock with a reason",
            list_of("leads.billingperiod", cycle=label, state__exact="open"),
            "orange",
        ),
    )


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
