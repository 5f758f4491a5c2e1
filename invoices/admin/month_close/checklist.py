"""The checklist of a month's close: each step with who did it and when, what is left by name, and the next button."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from billing_engine.core.admin_kit.bulk import SKIPPED_SHOWN
from billing_engine.core.admin_kit.cells import page_of
from billing_engine.core.admin_kit.task_cards import TaskCard
from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.counts import NAMED, count_in_words, names_in_words
from billing_engine.core.money import ZERO, in_words
from invoices.admin.month_close.dialogs import FLAGS_SHOWN, FlagRow, flag_row
from invoices.domain.month_close.bulk_action import last_bulk_actions
from invoices.domain.month_close.unfinished import Remaining, open_in_words
from invoices.models import BillingCycle, CycleStep, Invoice, SkippedInvoice
from invoices.queries.close_steps import APPROVE, CLEAR, CLOSE, ISSUE, LOCK, NEXT, RUN, SEND, Step
from invoices.queries.cycle import TOTAL, CycleMoney, Flagged
from invoices.queries.step_people import DoneBy, done_by

State, BulkAction = Invoice.State, BillingCycle.BulkAction
BUTTONS = {
    RUN: ("run",),
    APPROVE: ("approve_all",),
    LOCK: ("lock", "reopen", "ask_to_reopen"),
    ISSUE: ("issue_all",),
    SEND: ("send_all",),
    CLOSE: ("close",),
}
PRESSED_AT_ONCE = "run"  # what it makes are drafts: nothing is asked
TITLES = {CLEAR: "Clear what is waiting"}
BULK = {APPROVE: BulkAction.APPROVE, ISSUE: BulkAction.ISSUE, SEND: BulkAction.SEND}
# The states of the invoices that have passed a step.
PASSED = {APPROVE: (State.APPROVED, State.ISSUED), ISSUE: (State.ISSUED,)}
LEFT = {APPROVE: Q(state=State.DRAFT), ISSUE: Q(state=State.APPROVED), SEND: Q(state=State.ISSUED, sent_at=None)}
# Whether an invoice is still what a bulk action would process.
WAITS_AS: Mapping[str, Callable[[Invoice], bool]] = {
    BulkAction.APPROVE: lambda invoice: invoice.state == State.DRAFT,
    BulkAction.ISSUE: lambda invoice: invoice.state == State.APPROVED,
    BulkAction.SEND: lambda invoice: invoice.state == State.ISSUED and invoice.sent_at is None,
}


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """An invoice that a bulk action left unchanged, and why."""

    name: str
    address: str
    customer: str
    total: str
    why: str


@dataclass(frozen=True, slots=True)
class SkippedTable:
    """What a step's last bulk action left unchanged."""

    title: str
    rows: Sequence[SkippedRow]
    more: int


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A step of the checklist."""

    number: int
    step: Step
    title: str
    sums: str
    left: str
    done: DoneBy | None
    cards: Sequence[TaskCard]
    buttons: Sequence[Any]
    skipped: SkippedTable | None
    flags: Sequence[FlagRow] = ()
    flags_more: int = 0

    @property
    def is_next(self) -> bool:
        return self.step.progress == NEXT

    @property
    def pressed_at_once(self) -> str:
        """The address of the button that asks nothing, if it is among them."""
        return next((one["path"] for one in self.buttons if one["name"] == PRESSED_AT_ONCE), "")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about the month, loaded once."""

    cycle: BillingCycle
    left: Remaining
    money: Sequence[CycleMoney]
    history: Sequence[CycleStep]
    flagged: Sequence[Flagged]
    cards: Mapping[str, Sequence[TaskCard]]
    buttons: Mapping[str, Any] = field(default_factory=dict)  # by name


def checklist(steps: Sequence[Step], known: Known) -> list[CheckRow]:
    """Return the steps with everything about them."""
    done, skipped = done_by(known.cycle, known.history), _skipped(known.history)
    flags = [one for one in known.flagged if one.needs_review or one.flag.amount is not None]
    return [
        CheckRow(
            number=number,
            step=step,
            title=TITLES.get(step.name, step.name),
            sums=_sums(step.name, known.money),
            left=_left(step.name, known.cycle.label, known.left),
            done=done.get(step.name),
            cards=known.cards.get(step.name, ()),
            buttons=[known.buttons[name] for name in BUTTONS.get(step.name, ()) if name in known.buttons],
            skipped=skipped.get(BULK.get(step.name, "")),
            flags=[flag_row(one) for one in flags[:FLAGS_SHOWN]] if step.name == APPROVE else (),
            flags_more=max(0, len(flags) - FLAGS_SHOWN),
        )
        for number, step in enumerate(steps, start=1)
    ]


def _sums(name: str, money: Sequence[CycleMoney]) -> str:
    """Return what has passed the step, such as `$6,459.31 · €496.80 approved`."""
    found = []
    for one in money:
        total = sum((one.parts[TOTAL].get(state, ZERO) for state in PASSED.get(name, ())), ZERO)
        found += [in_words(total, one.currency)] if total else []
    return f"{' · '.join(found)} {'approved' if name == APPROVE else 'issued'}" if found else ""


def _left(name: str, label: str, left: Remaining) -> str:
    """Return for whom the step is still to be done, by name."""
    if name == RUN:
        return f"Still open: {open_in_words(label)}" if left.not_billed else ""
    count = {APPROVE: left.drafts, ISSUE: left.approved, SEND: left.unsent}.get(name, 0)
    if not count:
        return ""
    waiting = Invoice.objects.filter(LEFT[name], period__label__in=labels_of(label)).order_by("customer__name", "pk")
    return names_in_words(list(waiting.values_list("customer__name", flat=True)[:NAMED]), of=count)


def _skipped(history: Sequence[CycleStep]) -> dict[str, SkippedTable]:
    """Return by bulk action what its last one left unchanged, as far as that is still so."""
    steps = {step.pk: step for step in last_bulk_actions(history).values()}
    found: dict[int, list[SkippedInvoice]] = {pk: [] for pk in steps}
    for row in SkippedInvoice.objects.filter(step__in=steps).select_related("invoice__customer").order_by("pk"):
        if row.invoice is not None and WAITS_AS[steps[row.step_id].kind](row.invoice):
            found[row.step_id].append(row)
    return {steps[pk].kind: _table(steps[pk], rows) for pk, rows in found.items() if rows}


def _table(step: CycleStep, rows: Sequence[SkippedInvoice]) -> SkippedTable:
    count, of = len(rows), len(rows) + step.done
    title = f"Skipped by “{step.get_kind_display()}”, {count_in_words(count)} of {count_in_words(of)}"
    return SkippedTable(title, [_row(row) for row in rows[:SKIPPED_SHOWN]], max(0, count - SKIPPED_SHOWN))


def _row(row: SkippedInvoice) -> SkippedRow:
    invoice = row.invoice
    assert invoice is not None  # noqa: S101 -- tells mypy: one that was replaced is not listed
    total = in_words(invoice.total, invoice.currency)
    return SkippedRow(str(invoice), page_of("invoices.invoice", invoice.pk), invoice.customer.name, total, row.message)
