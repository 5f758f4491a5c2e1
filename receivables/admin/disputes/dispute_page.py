"""The content of a dispute's page: what happens now, its steps, what it is about, and what our records say."""

from dataclasses import dataclass
from datetime import date

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import page_of
from billing_engine.core.calendar.wording import day_in_words
from leads.models import Action
from receivables.domain.disputes.disputed import disputed_of, to_pay
from receivables.domain.disputes.quota import quota_of
from receivables.domain.disputes.windows import window_of
from receivables.domain.ledger.items import with_left
from receivables.models import CreditNote, Dispute, DisputeFile, DisputeStep, LedgerDocument
from receivables.queries.disputes.trail import MOST_SHOWN, Trail, trail_of

State = Dispute.State


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step with its person and its files."""

    step: DisputeStep
    who: str
    files: list[DisputeFile]


@dataclass(frozen=True, slots=True)
class ShownCharge:
    """A disputed charge with our records about it."""

    trail: Trail
    amount: str
    accepted: str
    others: list[tuple[str, str, Action]]  # address, outcome


@dataclass(frozen=True, slots=True)
class DisputePage:
    """Everything that the page of a dispute shows."""

    dispute: Dispute
    now: str
    clock: str
    is_late: bool
    steps: list[ShownStep]
    charges: list[ShownCharge]
    more_charges: int
    sums: list[tuple[str, str]]
    quota: str
    window: str
    meanwhile: str
    notes: list[CreditNote]


def dispute_page(dispute: Dispute) -> DisputePage:
    """Return the page of a dispute as of today."""
    today = dispute.customer.today
    charges = [_shown(each, dispute) for each in trail_of(dispute)]
    currency = dispute.currency
    sums = [("Before tax", money.in_words(dispute.amount, currency))]
    if dispute.tax:
        sums.append(("Tax", money.in_words(dispute.tax, currency)))
    last = window_of(dispute.invoice, dispute.reason) if dispute.invoice else None
    count = dispute.charges.count() if len(charges) == MOST_SHOWN else len(charges)
    return DisputePage(
        dispute=dispute,
        now=_now(dispute),
        clock=clock_of(dispute, today),
        is_late=is_late(dispute, today),
        steps=_steps(dispute),
        charges=charges,
        more_charges=count - len(charges),
        sums=[*sums, ("Disputed", dispute.total_in_words)],
        quota=quota_of(dispute.period).in_words(),
        window=day_in_words(last) if last else "",
        meanwhile=_meanwhile(dispute),
        notes=list(CreditNote.objects.filter(origin=dispute.number).order_by("pk")),
    )


def is_late(dispute: Dispute, today: date) -> bool:
    """Whether the day by which we decide is over; the clock waits while we wait for evidence."""
    return dispute.is_undecided and dispute.state != State.WAITING and dispute.decide_by < today


def clock_of(dispute: Dispute, today: date) -> str:
    """`in 3 days`, `today`, `2 days late`, `waits`; empty once it is decided."""
    if not dispute.is_undecided:
        return ""
    if dispute.state == State.WAITING:
        return "waits"
    days = (dispute.decide_by - today).days
    if days == 0:
        return "today"
    count = f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
    return f"in {count}" if days > 0 else f"{count} late"


def _now(dispute: Dispute) -> str:
    by_then = day_in_words(dispute.decide_by)
    if dispute.proposed:
        return f"{State(dispute.proposed).label}, as soon as a second person approves. Decide by {by_then}."
    told = {
        State.OPEN: f"Decide by {by_then}.",
        State.WAITING: "Waiting for the customer's evidence. The clock stands still until they answer.",
        State.SECOND_LOOK: f"The customer asked for a second look. Another person decides by {by_then}.",
        State.WITHDRAWN: "Withdrawn. The charges stand.",
    }
    return told.get(State(dispute.state)) or f"{dispute.get_state_display()}."


def _steps(dispute: Dispute) -> list[ShownStep]:
    steps = list(dispute.steps.select_related("by").order_by("pk"))
    files = DisputeFile.objects.filter(step__in=steps).defer("content").order_by("pk")
    return [ShownStep(step, _who(step), [file for file in files if file.step_id == step.pk]) for step in steps]


def _who(step: DisputeStep) -> str:
    return step.contact or ((step.by.get_full_name() or str(step.by)) if step.by else "")


def _shown(trail: Trail, dispute: Dispute) -> ShownCharge:
    told = {True: "Accepted", False: "Rejected", None: ""}
    verdict = "" if trail.charge.is_undecided else told[trail.charge.is_accepted]
    others = [(page_of("leads.action", each.pk), _outcome(each, dispute.currency), each) for each in trail.others]
    return ShownCharge(trail, money.in_words(trail.charge.amount, dispute.currency), verdict, others)


def _outcome(action: Action, currency: str) -> str:
    charge = getattr(action, "charge", None)
    if charge is None:
        return "not rated"
    return charge.get_reason_display() if charge.reason else money.price_in_words(charge.amount, currency)


def _meanwhile(dispute: Dispute) -> str:
    """What is open of the invoice, and what is to be paid of it."""
    invoice = dispute.invoice
    document = LedgerDocument.objects.filter(invoice=invoice, kind=LedgerDocument.Kind.INVOICE) if invoice else None
    item = with_left(document).first() if document is not None else None
    if invoice is None or item is None or not item.left:
        return ""
    disputed = disputed_of(invoices=[invoice.pk]).get(invoice.pk, money.ZERO)
    pay = money.in_words(to_pay(item.left, disputed), dispute.currency)
    due = f", due {day_in_words(invoice.due_on)}" if invoice.due_on else ""
    return f"Open: {money.in_words(item.left, dispute.currency)}. To pay without what is disputed: {pay}{due}."
