"""The activity as a formatted table: months with rows and totals, and how they lead to the invoices."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django.urls import reverse

from billing_engine.core.calendar.wording import span_in_words
from billing_engine.core.counts import count_in_words
from billing_engine.core.money import difference_in_words, in_words, price_in_words
from invoices.domain.wording import late_in_words, quantity_in_words
from leads.models import Customer
from pricing.wording.decision import reason_in_words
from reports.queries.activity import ActivityRow, Counted
from reports.queries.reconciliation import Reconciliation, reconciled

ROWS_OPEN = 20  # more rows would hide the totals
ROWS_SHOWN = 500  # the CSV has all of them


@dataclass(frozen=True, slots=True)
class Line:
    """The formatted counts of a row or a total."""

    actions: str
    charged: str
    excluded: str
    reasons: tuple[str, ...]
    unrated: str
    quantity: str
    amount: str


@dataclass(slots=True)
class MonthPart:
    """A month with its rows and their total."""

    name: str
    rows: list[tuple[ActivityRow, str, Line]] = field(
        default_factory=list
    )  # the second item: when late activity occurred
    counted: Counted = field(default_factory=Counted)
    total: Line | None = None


@dataclass(frozen=True, slots=True)
class Bridge:
    """From a month's exact amounts to its invoice, formatted."""

    month: str
    exact: str
    rounding: str
    minimum: str
    adjustments: str
    tax: str
    credit: str
    total: str
    invoice: str
    address: str
    agrees: bool


@dataclass(slots=True)
class Subtotals:
    """The rows of all months by product or source, highest amount first."""

    name: str
    counted: dict[str, Counted] = field(default_factory=dict)
    rows: list[tuple[str, Line]] = field(default_factory=list)

    def add(self, name: str, counted: Counted) -> None:
        """Add a row."""
        self.counted.setdefault(name, Counted()).merge(counted)

    def in_words(self, currency: str) -> "Subtotals":
        """Format the rows."""
        order = sorted(self.counted.items(), key=lambda entry: (-entry[1].amount, entry[0]))
        self.rows = [(name, _line(counted, currency)) for name, counted in order]
        return self


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole table."""

    months: list[MonthPart]
    total: Line
    by: tuple[Subtotals, ...]
    bridges: list[Bridge]
    rows: int
    hidden: int

    @property
    def is_long(self) -> bool:
        """Whether the rows are collapsed at first."""
        return self.rows > ROWS_OPEN


def sheet_of(customer: Customer, rows: Iterator[ActivityRow]) -> Sheet:
    """Read the rows once: only the first are shown, but all are in the totals."""
    months: dict[str, MonthPart] = {}
    calendar = customer.calendar
    total, count = Counted(), 0
    products, sources = Subtotals("Product"), Subtotals("Source")
    for row in rows:
        month = months.setdefault(row.month, MonthPart(span_in_words(row.start_at, row.end_at, calendar.zone)))
        month.counted.merge(row.counted)
        total.merge(row.counted)
        products.add(f"{row.product} · {row.sku}", row.counted)
        sources.add(row.source, row.counted)
        count += 1
        if count <= ROWS_SHOWN:
            late = late_in_words(row.late_from, calendar) if row.late_from else ""
            month.rows.append((row, late, _line(row.counted, customer.currency, row.unit)))
    for month in months.values():
        month.total = _line(month.counted, customer.currency)
    exact = {label: month.counted.amount for label, month in months.items()}
    return Sheet(
        months=list(months.values()),
        total=_line(total, customer.currency),
        by=tuple(each.in_words(customer.currency) for each in (products, sources)),
        bridges=[_bridge(entry) for entry in reconciled(customer, exact)],
        rows=count,
        hidden=max(0, count - ROWS_SHOWN),
    )


def _line(counted: Counted, currency: str, unit: str = "") -> Line:
    excluded = sum(counted.excluded.values())
    return Line(
        actions=count_in_words(counted.actions),
        charged=count_in_words(counted.charged),
        excluded=count_in_words(excluded),
        reasons=_reasons(counted.excluded),
        unrated=count_in_words(counted.unrated),
        # Quantities of different units don't add up, so only a row has one.
        quantity=f"{quantity_in_words(counted.quantity)} {unit}" if unit and counted.charged else "",
        amount=price_in_words(counted.amount, currency),
    )


def _reasons(excluded: dict[str, int]) -> tuple[str, ...]:
    """Return the reasons, with counts if there is more than one."""
    if len(excluded) == 1:
        return tuple(reason_in_words(code).lower() for code in excluded)
    return tuple(f"{count:,} {reason_in_words(code).lower()}" for code, count in sorted(excluded.items()))


def _bridge(entry: Reconciliation) -> Bridge:
    invoice = entry.invoice

    def added(amount: Decimal) -> str:
        sign = "+" if amount > 0 else ""
        return f"{sign}{in_words(amount, invoice.currency)}" if amount else "–"

    return Bridge(
        month=invoice.period.in_words,
        exact=price_in_words(entry.exact, invoice.currency),
        rounding=difference_in_words(entry.rounding, invoice.currency),
        minimum=added(entry.minimum),
        adjustments=added(entry.adjustments),
        tax=added(entry.tax),
        credit=added(entry.credit),
        total=in_words(entry.total, invoice.currency),
        invoice=invoice.number or invoice.get_state_display(),
        address=reverse("admin:invoices_invoice_change", args=[invoice.pk]),
        agrees=entry.agrees,
    )
