"""Tasks that need the person: oldest harm first, each with one button."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from django.contrib.auth.models import User
from django.urls import reverse

from billing_engine.core.admin_kit.cells import list_of, page_of
from billing_engine.core.approvals.inbox import to_decide
from billing_engine.core.approvals.kinds import kind_of
from billing_engine.core.counts import count_in_words, names_in_words
from invoices.models import Invoice
from pricing.models import UnratedAction
from reports.domain.alerts.silence import Silence
from reports.queries.attention import Waiting
from reports.queries.desk.causes import (
    Cause,
    first_message,
    oldest_given_up,
    oldest_invoices,
    own_drafts,
    quarantine_causes,
    unpriced,
)
from reports.queries.desk.whose import OPERATIONS, is_only_of

State = Invoice.State
LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Task:
    """One line of the work list: how many, of what, why, since when, and the button to press."""

    permission: str
    number: int
    what: str
    advice: str
    address: str
    button: str
    tone: str = ""
    since: datetime | None = None
    harms: bool = True  # money is lost or late meanwhile; the others only wait

    @property
    def count(self) -> str:
        """The number, in words."""
        return count_in_words(self.number)


def work_list(queues: Waiting, by: User, silences: Sequence[Silence] = ()) -> list[Task]:
    """Return the tasks that the person may see."""
    tasks = [
        task
        for task in (
            *_quarantined(queues, by),
            *_unrated(queues, by),
            *_silent(silences),
            *_asked(by),
            *_invoices(queues, by),
            *_outgoing(queues),
        )
        if task.number and by.has_perm(task.permission)
    ]
    return sorted(tasks, key=lambda task: (not task.harms, task.since or LATEST))


def _quarantined(queues: Waiting, by: User) -> Iterator[Task]:
    permission = "leads.view_quarantineditem"
    if not queues.quarantined or not by.has_perm(permission):
        return
    causes = quarantine_causes()
    if not causes:  # settled meanwhile
        return
    first, others = causes[0], causes[1:]
    if not others or first.items == 1:
        yield _of_causes(causes, queues.quarantined, by)
        return
    yield _of_causes([first], first.items, by)
    yield _of_causes(others, sum(cause.items for cause in others), by)


def _of_causes(causes: list[Cause], items: int, by: User) -> Task:
    """One line for these causes; a single one is named."""
    is_one = len(causes) == 1
    sources = names_in_words(list(dict.fromkeys(cause.source_name for cause in causes)))
    where = {"code": causes[0].code, "source__id__exact": causes[0].source} if is_one else {}
    may_fix = by.has_perm("leads.change_quarantineditem")
    return Task(
        "leads.view_quarantineditem",
        items,
        "in quarantine",
        f"{sources} · {first_message(causes[0])}" if is_one else f"{len(causes)} causes · {sources}",
        list_of("leads.quarantineditem", **where),
        f"Fix {'all ' if items > 1 else ''}{count_in_words(items)}" if is_one and may_fix else "Open quarantine",
        "orange",
        min(cause.since for cause in causes),
    )


def _unrated(queues: Waiting, by: User) -> Iterator[Task]:
    permission = "pricing.view_unratedaction"
    if not by.has_perm(permission):
        return
    lists = "pricing.unratedaction"
    if queues.unrated:
        yield _without_price(queues.unrated)
    unpriceable = list_of(lists, code__exact=UnratedAction.Code.UNPRICEABLE.value)
    advice = "Part of the unrated. See what went wrong."
    yield Task(permission, queues.unpriceable, "can't be priced", advice, unpriceable, "See why", "red")
    if queues.given_up:
        yield Task(
            permission,
            queues.given_up,
            "can't be rated",
            "Billing periods the workers gave up on. See why, then retry.",
            list_of("leads.billingperiod", rating="given_up"),
            "Open periods",
            "red",
            oldest_given_up(),
        )


def _without_price(count: int) -> Task:
    found = unpriced()
    kinds = found.kinds if found else ()
    of = f"{kinds[0][0]} of {kinds[0][1]}. " if len(kinds) == 1 else ""
    return Task(
        "pricing.view_unratedaction",
        count,
        "unrated",
        f"{of}No rule matches. Price or waive them; until then, their month can't close.",
        list_of("pricing.unratedaction"),
        "Open unrated",
        "orange",
        datetime.combine(found.since, time(), UTC) if found else None,
    )


def _silent(silences: Sequence[Silence]) -> Iterator[Task]:
    is_one = len(silences) == 1
    yield Task(
        "leads.view_delivery",
        len(silences),
        "source has stopped delivering" if is_one else "sources have stopped delivering",
        f"{silences[0].name}. {silences[0].in_words}" if is_one else names_in_words([each.name for each in silences]),
        page_of("leads.source", silences[0].source) if is_one else reverse("admin:reports_sources"),
        "Open source" if is_one else "Open sources",
        "orange",
        min((each.last_at for each in silences), default=None),
    )


def _asked(by: User) -> Iterator[Task]:
    """What others ask of the person, and the person's own drafts."""
    requests = list(to_decide(by))
    kinds = list(dict.fromkeys(kind_of(request.kind).words for request in requests))
    yield Task(
        "core.view_approvalrequest",
        len(requests),
        "for your approval",
        f"{names_in_words(kinds)}. See the change and its effect, then approve or send back.",
        list_of("core.approvalrequest", state__exact="waiting"),
        "Review",
        "blue",
        requests[0].asked_at if requests else None,
        harms=False,
    )
    if not by.has_perm("pricing.add_pricerule"):
        return
    drafts = own_drafts(by)
    back = next((draft for draft in drafts if draft.words), None)
    names = names_in_words([draft.rule.name for draft in drafts])
    yield Task(
        "pricing.view_pricerule",
        len(drafts),
        "draft of yours" if len(drafts) == 1 else "drafts of yours",
        f"“{back.rule.name}” came back from {back.by}: “{back.words}”" if back else names,
        list_of("pricing.pricerule", state__exact="draft"),
        "Open drafts",
        "blue",
        min((draft.rule.created_at for draft in drafts), default=None),
        harms=False,
    )


def _invoices(queues: Waiting, by: User) -> Iterator[Task]:
    runs = list_of("invoices.billingrun")
    if len(queues.failed_runs) == 1:
        runs = reverse("admin:invoices_billingrun_change", args=[queues.failed_runs[0]])
    advice = "See what blocks them, then retry"
    yield Task("invoices.view_billingrun", queues.failed, "could not be billed", advice, runs, "Open the run", "red")
    if is_only_of(by, OPERATIONS):
        return
    since = oldest_invoices() if queues.drafts or queues.approved else {}
    for state, number, what, advice, button in (
        (State.DRAFT, queues.drafts, "to approve", "Draft invoices waiting for approval", "Open drafts"),
        (State.APPROVED, queues.approved, "to issue", "Approved invoices that have no number yet", "Open approved"),
    ):
        address = list_of("invoices.invoice", state__exact=state.value)
        yield Task(
            "invoices.view_invoice", number, what, advice, address, button, "blue", since.get(state), harms=False
        )


def _outgoing(queues: Waiting) -> Iterator[Task]:
    yield Task(
        "invoices.view_invoicemail",
        queues.stuck.invoices,
        "could not be sent",
        queues.stuck.reasons,
        list_of("invoices.invoicemail", attention="yes"),
        "Open emails",
        "red",
    )
    yield Task(
        "invoices.view_invoice",
        queues.stuck.documents,
        "without their PDF",
        "The PDF failed. The invoice's page says why.",
        list_of("invoices.invoice", document="failed"),
        "Open invoices",
        "red",
    )
