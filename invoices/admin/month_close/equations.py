"""How a month's figures are shown: equations, a bar, money by how far it has come; each figure with its rows."""

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
ALWAYS_TOLD = (CREATED, DUPLICATE, QUARANTINED)  # the others where there are any
REFUSED = (CONFLICT, QUARANTINED)
WHOLE_BAR = 1_000
SLIVER = 4


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its name, and the address of its rows."""

    label: str
    value: str
    address: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Equation:
    """A whole and the parts it is the sum of."""

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
    """Two equations, of leads and of actions; empty where nothing was received."""
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
    """What is always told, and of the rest what there is."""
    told = [name for name in OUTCOMES if name in ALWAYS_TOLD or getattr(counts, name)]
    parts = [_outcome(name, getattr(counts, name), refused if name in REFUSED else deliveries) for name in told]
    return Equation(Figure(f"{kind} received", count_in_words(counts.received), deliveries), tuple(parts))


def _outcome(name: str, count: int, address: str) -> Figure:
    return Figure(name, count_in_words(count), address, "orange" if count and name in REFUSED else "")


def still_waiting(month: Cycle, count: int) -> Figure | None:
    """What of the month's quarantine is not settled yet."""
    if not count:
        return None
    return Figure("of what was quarantined still wait for a person.", count_in_words(count), _quarantine(month))


def rated_in_words(month: Cycle, rated: Rated) -> Equation | None:
    """stored = charged + excluded + unrated; None where nothing is stored."""
    if not rated.actions:
        return None
    periods = list_of("leads.billingperiod", cycle=str(month))
    parts = (("charged", "green"), ("excluded", "plain"), ("unrated", "orange"))
    return Equation(
        Figure("actions in the month's billing periods", count_in_words(rated.actions), periods),
        tuple(Figure(name, count_in_words(getattr(rated, name)), periods, tone) for name, tone in parts),
    )


def bar(rated: Rated) -> list[Slice]:
    """The bar of charged, excluded and unrated: whole, and what is there at all is at least a sliver wide."""
    counts = {"green": rated.charged, "plain": rated.excluded, "orange": rated.unrated}
    lengths = {tone: max(SLIVER, WHOLE_BAR * count // rated.actions) for tone, count in counts.items() if count}
    longest = max(lengths, key=lambda tone: lengths[tone])
    lengths[longest] += WHOLE_BAR - sum(lengths.values())
    starts = accumulate(lengths.values(), initial=0)
    return [Slice(start, length, tone) for start, (tone, length) in zip(starts, lengths.items(), strict=False)]


def money_in_words(month: Cycle, money: Money) -> MoneyRow:
    """One currency's row."""
    periods = list_of("leads.billingperiod", cycle=str(month), state__exact="open")
    figures = [Figure("Not billed yet", in_words(money.unbilled, money.currency), periods if money.unbilled else "")]
    for state in (State.DRAFT, State.APPROVED, State.ISSUED):
        count = money.invoices.get(state, 0)
        address = list_of("invoices.invoice", month=str(month), state__exact=state.value) if count else ""
        figures.append(Figure(str(state.label), in_words(money.by_state.get(state, ZERO), money.currency), address))
    total = money.unbilled + sum(money.by_state.values())
    return MoneyRow(money.currency, tuple(figures), in_words(total, money.currency))
