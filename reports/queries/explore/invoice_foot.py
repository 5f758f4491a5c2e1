"""The foot of the explorer: how the exact amounts of billing periods become the totals of their invoices, to the cent."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from billing_engine.core.money import ZERO, minor_unit
from billing_engine.core.read_replica import rows_of
from invoices.models import Invoice

State = Invoice.State
# One statement, so that all figures are from the same moment. A period has at most one invoice that is not void.
PERIODS = """
    WITH period AS MATERIALIZED (
        SELECT period.id, period.customer_id, period.label, period.start_at, period.end_at, customer.currency
          FROM leads_billingperiod period
          JOIN leads_customer customer ON customer.id = period.customer_id
         WHERE period.label = ANY (%(labels)s) AND (%(of_all)s OR period.customer_id = ANY (%(customers)s))
    ), charged AS (
        SELECT activity.period_id, sum(activity.amount) AS amount
          FROM pricing_monthlyactivity activity
          JOIN period ON period.id = activity.period_id
         GROUP BY 1
    ), invoice AS MATERIALIZED (
        SELECT invoice.id, invoice.period_id, invoice.state, COALESCE(invoice.number, '') AS number,
               invoice.tax, invoice.credit, invoice.total
          FROM invoices_invoice invoice
          JOIN period ON period.id = invoice.period_id
    ), voided AS (
        SELECT invoice.period_id, count(*) AS invoices FROM invoice WHERE invoice.state = 'void' GROUP BY 1
    ), line AS (
        SELECT line.invoice_id,
               sum(line.exact_amount) FILTER (WHERE line.kind = 'charges') AS exact,
               sum(line.amount) FILTER (WHERE line.kind = 'charges') AS charges,
               sum(line.amount) FILTER (WHERE line.kind = 'minimum') AS minimum,
               sum(line.amount) FILTER (WHERE line.kind = 'adjustment') AS adjustments,
               count(*) FILTER (WHERE line.kind = 'charges') AS lines
          FROM invoices_invoiceline line
          JOIN invoice ON invoice.id = line.invoice_id AND invoice.state <> 'void'
         GROUP BY 1
    )
    SELECT period.id, period.customer_id, period.label, period.start_at, period.end_at, period.currency,
           COALESCE(charged.amount, 0), invoice.id, COALESCE(invoice.state, ''), COALESCE(invoice.number, ''),
           COALESCE(voided.invoices, 0),
           COALESCE(line.exact, 0), COALESCE(line.lines, 0), COALESCE(line.charges, 0), COALESCE(line.minimum, 0),
           COALESCE(line.adjustments, 0), COALESCE(invoice.tax, 0), COALESCE(invoice.credit, 0),
           COALESCE(invoice.total, 0)
      FROM period
      LEFT JOIN charged ON charged.period_id = period.id
      LEFT JOIN invoice ON invoice.period_id = period.id AND invoice.state <> 'void'
      LEFT JOIN voided ON voided.period_id = period.id
      LEFT JOIN line ON line.invoice_id = invoice.id
     ORDER BY period.currency, period.start_at, period.label, period.customer_id
"""


@dataclass(frozen=True, slots=True)
class PeriodFoot:
    """One billing period, from the exact amount of its charges to the total of its invoice, if it has one."""

    period: int
    customer: int
    label: str
    start_at: datetime
    end_at: datetime
    currency: str
    exact: Decimal  # the charges, from the roll-up
    invoice: int | None
    state: str  # of the invoice; "" without one
    number: str
    voided: int  # void invoices of the period
    exact_on_lines: Decimal  # the charges, as stored on the lines
    lines: int
    charges: Decimal  # the same, each line rounded once
    minimum: Decimal
    adjustments: Decimal
    tax: Decimal
    credit: Decimal  # used (negative) or carried forward (positive)
    total: Decimal

    @property
    def not_invoiced(self) -> Decimal:
        """The exact amount of a period without an invoice; zero with one, even if it is a draft."""
        return self.exact if self.invoice is None else ZERO

    @property
    def rounding(self) -> Decimal:
        """What rounding each line added to the exact amount."""
        return self.charges - self.exact if self.invoice is not None else ZERO

    @property
    def agrees(self) -> bool:
        """Whether the invoice equals its charges, with no difference except the rounding of its lines."""
        if self.invoice is None:
            return True
        adds_up = sum((self.minimum, self.adjustments, self.tax, self.credit), self.charges) == self.total
        at_most = self.lines * minor_unit(self.currency) / 2
        return adds_up and self.exact == self.exact_on_lines and abs(self.rounding) <= at_most


@dataclass(frozen=True, slots=True)
class Foot:
    """Periods of one currency, added up: exact − not invoiced + rounding + minimum + … = the total of the invoices."""

    currency: str
    label: str  # of the cycle; "" for all of them
    exact: Decimal
    not_invoiced: Decimal
    rounding: Decimal
    minimum: Decimal
    adjustments: Decimal
    tax: Decimal
    credit: Decimal
    total: Decimal
    periods: int
    absent: int  # periods without an invoice that is not void
    drafts: int
    approved: int
    issued: int
    voided: int  # void invoices, in addition to the others
    differing: tuple[int, ...]  # the periods whose invoice does not agree with its charges

    @property
    def agrees(self) -> bool:
        """Whether every invoice agrees with its charges."""
        return not self.differing

    @property
    def steps(self) -> tuple[tuple[str, Decimal], ...]:
        """What lies between the exact amount and the total of the invoices, in their order; they add up."""
        return (
            ("Not invoiced yet", -self.not_invoiced),
            ("Line rounding", self.rounding),
            ("Minimum", self.minimum),
            ("Adjustments", self.adjustments),
            ("Tax", self.tax),
            ("Credit", self.credit),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not final yet, such as `3 periods have no invoice yet.`"""
        found = (
            (self.absent, "period has no invoice yet", "periods have no invoice yet"),
            (self.drafts, "invoice is a draft", "invoices are drafts"),
            (self.approved, "invoice is approved but not issued", "invoices are approved but not issued"),
            (self.voided, "void invoice is left out", "void invoices are left out"),
        )
        return tuple(f"{count:,} {one if count == 1 else many}." for count, one, many in found if count)


def foot_of(customers: Collection[int] | None, labels: Collection[str]) -> list[Foot]:
    """Add up by currency the billing periods with these labels, from one query; customers by ID, None for all.

    A period counts with all its activity, also what occurred before it and came late.
    """
    return by_currency(period_feet(customers, labels))


def period_feet(customers: Collection[int] | None, labels: Collection[str]) -> list[PeriodFoot]:
    """The same, period by period, in the order of currency and time."""
    asked = {"labels": list(labels), "of_all": customers is None, "customers": list(customers or ())}
    return [PeriodFoot(*row) for row in rows_of(PERIODS, asked)]


def by_currency(feet: Iterable[PeriodFoot]) -> list[Foot]:
    """Add up sorted periods by currency."""
    return _added_up(feet, lambda one: (one.currency, ""))


def by_label(feet: Iterable[PeriodFoot]) -> list[Foot]:
    """Add up sorted periods by currency and cycle."""
    in_order = sorted(feet, key=lambda one: (one.currency, one.label))
    return _added_up(in_order, lambda one: (one.currency, one.label))


def _added_up(feet: Iterable[PeriodFoot], key: Callable[[PeriodFoot], tuple[str, str]]) -> list[Foot]:
    return [_foot(currency, label, list(some)) for (currency, label), some in groupby(feet, key)]


def _foot(currency: str, label: str, feet: list[PeriodFoot]) -> Foot:
    def count(state: str) -> int:
        return sum(one.state == state for one in feet)

    return Foot(
        currency=currency,
        label=label,
        exact=sum((one.exact for one in feet), ZERO),
        not_invoiced=sum((one.not_invoiced for one in feet), ZERO),
        rounding=sum((one.rounding for one in feet), ZERO),
        minimum=sum((one.minimum for one in feet), ZERO),
        adjustments=sum((one.adjustments for one in feet), ZERO),
        tax=sum((one.tax for one in feet), ZERO),
        credit=sum((one.credit for one in feet), ZERO),
        total=sum((one.total for one in feet), ZERO),
        periods=len(feet),
        absent=count(""),
        drafts=count(State.DRAFT),
        approved=count(State.APPROVED),
        issued=count(State.ISSUED),
        voided=sum(one.voided for one in feet),
        differing=tuple(one.period for one in feet if not one.agrees),
    )
