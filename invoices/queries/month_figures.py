"""A month's figures for display: equations, a bar, and amounts by state; each figure links to its rows."""

from dataclasses import dataclass
from itertools import accumulate
from zoneinfo import ZoneInfo

from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.counts import count_in_words
from billing_engine.core.money import ZERO, in_words
from invoices.models import Invoice
from invoices.queries.month import Money, Rated, Received
from leads.domain.intake.receipt import CONFLICT, CREATED, DUPLICATE, QUARANTINED
from leads.models.delivery import OUTCOMES

State = Invoice.State
ALWAYS_SHOWN = (CREATED, DUPLICATE, QUARANTINED)  # others only if not zero
REFUSED = (CONFLICT, QUARANTINED)
BAR_LENGTH = 1_000
SLIVER = 4


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its label, and the URL of its rows."""

    label: str
    value: str
    address: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Equation:
    """A total and the parts that add up to it."""

    whole: Figure
    parts: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the bar, in thousandths of its length."""

    start: int
    length: int
    tone: str


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """One currency's amounts: not billed yet, draft, approved, issued."""

    currency: str
    figures: tuple[Figure, ...]
    total: str


def received_in_words(month: Cycle, leads: Received, actions: Received) -> list[Equation]:
    """Return the equations of leads and of actions; empty if nothing was received."""
    if not leads.received and not actions.received:
        return []
    deliveries, refused = list_of("leads.delivery", **_received_within(month)), _quarantine(month, state="all")
    return [
        _received("leads", leads, deliveries, refused),
        _received("actions", actions, deliveries, refused),
    ]


def _received_within(month: Cycle) -> dict[str, str]:
    span = month.span(ZoneInfo("UTC"))
    return {"received_at__gte": span.start.isoformat(), "received_at__lt": span.end.isoformat()}


def _quarantine(month: Cycle, **where: str) -> str:
    return list_of("leads.quarantineditem", **_received_within(month), **where)


def _received(kind: str, counts: Received, deliveries: str, refused: str) -> Equation:
    """Return the equation of one kind; rare outcomes are left out if zero."""
    shown = [name for name in OUTCOMES if name in ALWAYS_SHOWN or getattr(counts, name)]
    parts = [_outcome(name, getattr(counts, name), refused if name in REFUSED else deliveries) for name in shown]
    return Equation(Figure(f"{kind} received", count_in_words(counts.received), deliveries), tuple(parts))


def _outcome(name: str, count: int, address: str) -> Figure:
    return Figure(name, count_in_words(count), address, "orange" if count and name in REFUSED else "")


def still_waiting(month: Cycle, count: int) -> Figure | None:
    """Return the number of the month's quarantined items that are still waiting."""
    if not count:
        return None
    return Figure("quarantined items still waiting.", count_in_words(count), _quarantine(month))


def rated_in_words(month: Cycle, rated: Rated) -> Equation | None:
    """Return stored = charged + excluded + unrated; None if nothing is stored."""
    if not rated.actions:
        return None
    periods = list_of("leads.billingperiod", cycle=str(month))
    parts = (("charged", "green"), ("excluded", "plain"), ("unrated", "orange"))
    return Equation(
        Figure("actions in the month's billing periods", count_in_words(rated.actions), periods),
        tuple(Figure(name, count_in_words(getattr(rated, name)), periods, tone) for name, tone in parts),
    )


def bar(rated: Rated) -> list[Slice]:
    """Return the bar of charged, excluded and unrated; every part that is not zero is visible."""
    counts = {"green": rated.charged, "plain": rated.excluded, "orange": rated.unrated}
    lengths = {tone: max(SLIVER, BAR_LENGTH * count // rated.actions) for tone, count in counts.items() if count}
    longest = max(lengths, key=lambda tone: lengths[tone])
    lengths[longest] += BAR_LENGTH - sum(lengths.values())
    starts = accumulate(lengths.values(), initial=0)
    return [Slice(start, length, tone) for start, (tone, length) in zip(starts, lengths.items(), strict=False)]


def money_in_words(month: Cycle, money: Money) -> MoneyRow:
    """Return one currency's row."""
    periods = list_of("leads.billingperiod", cycle=str(month), state__exact="open")
    figures = [Figure("Not billed yet", in_words(money.unbilled, money.currency), periods if money.unbilled else "")]
    for state in (State.DRAFT, State.APPROVED, State.ISSUED):
        count = money.invoices.get(state, 0)
        address = list_of("invoices.invoice", month=str(month), state__exact=state.value) if count else ""
        figures.append(Figure(str(state.label), in_words(money.by_state.get(state, ZERO), money.currency), address))
    total = money.unbilled + sum(money.by_state.values())
    return MoneyRow(money.currency, tuple(figures), in_words(total, money.currency))
