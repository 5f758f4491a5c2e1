"""What keeps a month open, or is worth knowing before it is closed: a card each, on the page of the month."""

from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.admin_kit.task_cards import TaskCard
from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.counts import names_in_words
from billing_engine.core.money import in_words
from invoices.domain.life.late_voids import to_be_credited
from invoices.domain.month_close.bulk_action import without_contacts
from invoices.domain.month_close.unfinished import Left, stuck_in
from invoices.models import BillingCycle
from invoices.queries.cycle import cut_by_budgets_in, flagged_in, without_invoice_in

Counted = tuple[int, str, str, str, str]  # how many, of what, what to do about it, where, in which colour


def hindrances(cycle: BillingCycle, left: Left) -> list[TaskCard]:
    """What keeps the month open, the first to be dealt with first."""
    return [
        TaskCard.of(count, what, advice, address, tone)
        for count, what, advice, address, tone in (
            *_before_drafts(cycle.label, left),
            *_of_invoices(cycle.label, left),
            *_outgoing(cycle, left),
        )
        if count
    ]


def _before_drafts(label: str, left: Left) -> tuple[Counted, ...]:
    """What is not on any invoice yet."""
    return (
        (
            left.quarantined,
            "in quarantine",
            "Of this month: mend and retry, or discard with a reason. Below is what waits",
            list_of("leads.quarantineditem", month=label),
            "orange",
        ),
        (
            left.unrated,
            "unrated",
            "No rule prices them: operations make one, or waive them",
            list_of("pricing.unratedaction", period__label__in=",".join(labels_of(label))),
            "orange",
        ),
        (
            left.failed,
            "could not be billed",
            "See below what stands in the way, then retry the run",
            list_of("invoices.billingrun", q=label),
            "red",
        ),
    )


def _of_invoices(label: str, left: Left) -> tuple[Counted, ...]:
    """What is to be seen to about its invoices, or about periods that have none."""
    flagged = flagged_in(label) if left.drafts else 0
    return (
        (
            flagged,
            "draft stands out" if flagged == 1 else "drafts stand out",
            "Look at each: its page says why. Approve all skips them",
            list_of("invoices.invoice", month=label, state__exact="draft"),
            "blue",
        ),
        (
            without_invoice_in(label),
            "closed without an invoice",
            "Actions came in, and nothing was drafted",
            list_of("leads.billingperiod", cycle=label, state__exact="closed"),
            "red",
        ),
        (
            left.sealed_periods,
            "to be billed again",
            "Their invoices are void and the month is locked: Bill again is on the page of each",
            list_of("leads.billingperiod", cycle=label, state__exact="open"),
            "orange",
        ),
        _taken_back(label),
        _cut_by_budgets(label),
        (
            left.inactive_periods,
            "of inactive customers",
            "No run bills them: activate the customer, or lock with a reason",
            list_of("leads.billingperiod", cycle=label, state__exact="open"),
            "orange",
        ),
    )


def _outgoing(cycle: BillingCycle, left: Left) -> tuple[Counted, ...]:
    """What is issued and did not go out."""
    stuck, contactless = stuck_in(cycle.label), without_contacts(cycle) if left.unsent else []
    return (
        (
            stuck.invoices,
            "could not be sent",
            stuck.reasons,
            list_of("invoices.invoicemail", month=cycle.label, turn="person"),
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
            f"Send all leaves them out: {names_in_words(contactless)}",
            list_of("invoices.invoice", month=cycle.label, sent="nobody"),
            "orange",
        ),
    )


def _taken_back(label: str) -> Counted:
    """What was taken back after it was issued: the customer is owed it."""
    found = to_be_credited(labels_of(label))
    amounts = " and ".join(in_words(found[currency].amount, currency) for currency in sorted(found))
    return (
        sum(one.actions for one in found.values()),
        "to be credited",
        f"{amounts}, taken back after the invoice was issued: its page lists them",
        list_of("invoices.invoice", month=label, to_be_credited="1"),
        "orange",
    )


def _cut_by_budgets(label: str) -> Counted:
    """What hard budgets kept from being charged: right as agreed, and worth knowing."""
    found = cut_by_budgets_in(label)
    amounts = " and ".join(in_words(found[currency][1], currency) for currency in sorted(found))
    return (
        sum(count for count, _ in found.values()),
        "cut by a hard budget",
        f"{amounts} above monthly budgets is not charged",
        list_of("invoices.invoice", month=label, cut_by_budget="1"),
        "blue",
    )
