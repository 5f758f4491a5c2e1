"""A cycle in figures: the sums that must agree, with links to their rows, and the amounts by state."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.calendar.spans import Cycle, labels_of
from billing_engine.core.counts import count_in_words
from billing_engine.core.money import ZERO, difference_in_words, in_words, price_in_words
from invoices.models import Invoice, InvoiceLine
from invoices.queries.cycle import CHARGES, TOTAL, UNBILLED, CycleMoney, excluded_in, late_in
from invoices.queries.month import Received, rated_in, received_in
from invoices.queries.month_figures import Equation, Figure, received_in_words
from pricing.wording.decision import reason_in_words

State = Invoice.State
Kind = InvoiceLine.Kind
ROUNDING, TAX, CREDIT = "rounding", "tax", "credit"
NAMES = {
    CHARGES: "Charges, exact",
    ROUNDING: "Rounding of the lines",
    TAX: "Tax",
    CREDIT: "Credit balance",
    TOTAL: "Total",
}
LAST = (TAX, CREDIT, TOTAL)


@dataclass(frozen=True, slots=True)
class Sum:
    """One of the sums that must agree before a month is closed."""

    title: str
    note: str
    equations: list[Equation]
    adds_up: bool
    of_which: tuple[str, ...] = ()  # parts of it worth mentioning


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """One part of the invoices' amounts, by state and in total."""

    name: str
    cells: list[Figure]
    is_total: bool


@dataclass(frozen=True, slots=True)
class MoneyTable:
    """The amounts in one currency: the sum of all charges, and where they are."""

    currency: str
    columns: list[Figure]
    rows: list[MoneyRow]
    charged: str
    unaccounted: str  # empty if zero
    adds_up: bool


def received_sum(label: str) -> Sum:
    """Return received = stored + duplicates + conflicts + quarantined + tests, for leads and for actions."""
    leads, actions = received_in(Cycle.parse(label))
    return Sum(
        "Received",
        "through the API and imports, within the month (UTC)",
        received_in_words(Cycle.parse(label), leads, actions),
        adds_up=all(counts.received == _outcomes(counts) for counts in (leads, actions)),
    )


def _outcomes(counts: Received) -> int:
    parts = (counts.created, counts.updated, counts.duplicate, counts.conflict, counts.quarantined, counts.test)
    return sum(parts)


def stored_sum(label: str) -> Sum:
    """Return stored = charged + excluded, by reason, + unrated, for the cycle's billing periods."""
    rated, excluded = rated_in(Cycle.parse(label)), excluded_in(label)
    figures = [_charges("charged", rated.charged, label, "green", reason__exact="")]
    figures += [
        _charges(reason_in_words(reason).lower(), count, label, "", reason__exact=reason)
        for reason, count in excluded.most_common()
    ]
    unrated = list_of("pricing.unratedaction", period__label__in=",".join(labels_of(label))) if rated.unrated else ""
    figures.append(Figure("unrated", count_in_words(rated.unrated), unrated, "orange" if rated.unrated else ""))
    whole = Figure("actions stored", count_in_words(rated.actions), list_of("leads.billingperiod", cycle=label))
    return Sum(
        "Stored",
        "occurred in the month in the customer's time zone, and late activity billed with it",
        [Equation(whole, tuple(figures))] if rated.actions else [],
        adds_up=rated.actions == rated.charged + excluded.total() + rated.unrated,
        of_which=_late(label),
    )


def _late(label: str) -> tuple[str, ...]:
    """Return `of which late activity: 4 actions, $10.00` for each currency."""
    return tuple(
        f"of which late activity: {count_in_words(count)} action{'' if count == 1 else 's'},"
        f" {price_in_words(amount, currency)}"
        for currency, count, amount in late_in(label)
    )


def _charges(name: str, count: int, label: str, tone: str, **where: str) -> Figure:
    address = list_of("pricing.charge", action__period__label__in=",".join(labels_of(label)), **where) if count else ""
    return Figure(name, count_in_words(count), address, tone)


def money_table(money: CycleMoney, label: str) -> MoneyTable:
    """Return charged = on invoices by state + unbilled, and the rows from charges to invoice totals."""
    states = [UNBILLED, *(state.value for state in State)]
    shown = [state for state in states if state in money.invoices or state in money.parts[CHARGES]]
    return MoneyTable(
        money.currency,
        [_column(state, money, label) for state in shown],
        [_row(what, money, shown) for what in _order(money.parts)],
        charged=price_in_words(money.charged, money.currency),
        unaccounted=difference_in_words(money.unaccounted, money.currency) if money.unaccounted else "",
        adds_up=money.adds_up,
    )


def _column(state: str, money: CycleMoney, label: str) -> Figure:
    if state == UNBILLED:
        return Figure("Not billed yet", "", list_of("leads.billingperiod", cycle=label, state__exact="open"))
    count = money.invoices.get(state, 0)
    words = f"{count_in_words(count)} invoice{'' if count == 1 else 's'}"
    return Figure(State(state).label, words, list_of("invoices.invoice", month=label, state__exact=state))


def _order(parts: Iterable[str]) -> list[str]:
    """Order the parts as on an invoice: charges, rounding, other lines, tax, total."""
    first = [CHARGES, ROUNDING]
    others = [kind.value for kind in Kind if kind.value not in first and kind.value in parts]
    return [what for what in (*first, *others, *LAST) if what in parts]


def _row(what: str, money: CycleMoney, states: list[str]) -> MoneyRow:
    amounts = money.parts[what]
    formatted = price_in_words if what in (CHARGES, ROUNDING) else in_words
    cells = [Figure("", formatted(amounts[state], money.currency) if state in amounts else "") for state in states]
    cells.append(Figure("", formatted(sum(amounts.values(), Decimal(ZERO)), money.currency)))
    name = NAMES.get(what) or Kind(what).label
    return MoneyRow(name, cells, is_total=what == TOTAL)
