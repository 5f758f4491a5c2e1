"""The front page of the admin: tasks that need a person, and the figures of a month."""

from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.task_cards import TaskCard
from billing_engine.core.approvals.inbox import to_decide
from billing_engine.core.calendar.spans import Cycle, Month
from invoices.domain.wording import month_in_words
from invoices.models import Invoice
from invoices.queries.month import money_in, periods_in, quarantine_waiting, rated_in, received_in
from invoices.queries.month_figures import bar, money_in_words, rated_in_words, received_in_words, still_waiting
from pricing.models import UnratedAction
from reports.queries.attention import Waiting, waiting

State = Invoice.State
Row = tuple[str, int, str, str, str, str]  # permission, count, title, advice, URL and tone of a task


def month_at_a_glance(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the front page, querying only what the user may see."""
    current = Month.containing(now(), ZoneInfo("UTC"))
    month = _chosen(request, current)
    may = request.user.has_perm
    queues, approvals = waiting(), to_decide(person(request)).count()
    return {
        **context,
        "title": "At a glance",
        "month": month_in_words(str(month)),
        "earlier": month.previous(),
        "later": month.next(),
        "current": None if month == current else current,
        "tasks": [task for permission, task in _tasks(queues, approvals) if may(permission)],
        "to_rate": queues.to_rate if may("pricing.view_charge") else 0,
        "received": _received(month) if may("leads.view_delivery") else None,
        "rated": _rated(month) if may("pricing.view_charge") else None,
        "money": _money(month) if may("invoices.view_invoice") else None,
    }


def _chosen(request: HttpRequest, current: Cycle) -> Cycle:
    try:
        return Cycle.parse(request.GET.get("month", ""))
    except ValueError:
        return current


def _received(month: Cycle) -> dict[str, Any]:
    return {
        "equations": received_in_words(month, *received_in(month)),
        "still_waiting": still_waiting(month, quarantine_waiting(month)),
    }


def _rated(month: Cycle) -> dict[str, Any]:
    rated = rated_in(month)
    equation = rated_in_words(month, rated)
    return {"equation": equation, "bar": bar(rated) if equation else []}


def _money(month: Cycle) -> dict[str, Any]:
    return {"rows": [money_in_words(month, row) for row in money_in(month)], "periods": periods_in(month)}


def _tasks(queues: Waiting, approvals: int) -> list[tuple[str, TaskCard]]:
    """Return the tasks, most urgent first, each with the permission required to see it."""
    return [
        (permission, TaskCard.of(count, what, advice, address, tone))
        for permission, count, what, advice, address, tone in (
            *_approval_tasks(approvals),
            *_action_tasks(queues),
            *_invoice_tasks(queues),
            *_delivery_tasks(queues),
        )
        if count
    ]


def _approval_tasks(count: int) -> tuple[Row, ...]:
    """What others ask this person to approve."""
    return (
        (
            "core.view_approvalrequest",
            count,
            "for your approval",
            "See the change and its effect, then approve or send back",
            list_of("core.approvalrequest", state__exact="waiting"),
            "blue",
        ),
    )


def _action_tasks(queues: Waiting) -> tuple[Row, ...]:
    """The tasks between intake and charge."""
    unrated = "pricing.view_unratedaction"
    return (
        (
            "leads.view_quarantineditem",
            queues.quarantined,
            "in quarantine",
            "Fix and retry, or discard with a reason",
            list_of("leads.quarantineditem"),
            "orange",
        ),
        (
            unrated,
            queues.unrated,
            "unrated",
            "No rule matches. Price or waive them.",
            list_of("pricing.unratedaction"),
            "orange",
        ),
        (
            unrated,
            queues.unpriceable,
            "can't be priced",
            "Part of the unrated. See what went wrong.",
            list_of("pricing.unratedaction", code__exact=UnratedAction.Code.UNPRICEABLE.value),
            "red",
        ),
        (
            unrated,
            queues.given_up,
            "can't be rated",
            "Billing periods the workers gave up on. See why, then retry.",
            list_of("leads.billingperiod", rating="given_up"),
            "red",
        ),
    )


def _invoice_tasks(queues: Waiting) -> tuple[Row, ...]:
    """The tasks between charge and invoice."""
    runs = list_of("invoices.billingrun")
    if len(queues.failed_runs) == 1:
        runs = reverse("admin:invoices_billingrun_change", args=[queues.failed_runs[0]])
    return (
        (
            "invoices.view_billingrun",
            queues.failed,
            "could not be billed",
            "See what blocks them, then retry",
            runs,
            "red",
        ),
        (
            "invoices.view_invoice",
            queues.drafts,
            "to approve",
            "Draft invoices waiting for approval",
            list_of("invoices.invoice", state__exact=State.DRAFT.value),
            "blue",
        ),
        (
            "invoices.view_invoice",
            queues.approved,
            "to issue",
            "Approved invoices that have no number yet",
            list_of("invoices.invoice", state__exact=State.APPROVED.value),
            "blue",
        ),
    )


def _delivery_tasks(queues: Waiting) -> tuple[Row, ...]:
    """The tasks between issued invoice and customer."""
    return (
        (
            "invoices.view_invoicemail",
            queues.stuck.invoices,
            "could not be sent",
            queues.stuck.reasons,
            list_of("invoices.invoicemail", attention="yes"),
            "red",
        ),
        (
            "invoices.view_invoice",
            queues.stuck.documents,
            "without their PDF",
            "The PDF failed. The invoice's page says why.",
            list_of("invoices.invoice", document="failed"),
            "red",
        ),
    )
