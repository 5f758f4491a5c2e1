"""The foot of the explorer: how the exact amounts of billing periods become the totals of their invoices, to the cent."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from billing_engine.core.money import minor_unit
from billing_engine.core.read_replica import few_rows_of
from leads.models import Customer

# One statement, so that all figures are from the same moment. A period has at most one invoice that is not void, and its
# exact amount is added up by rating. An invoice agrees with its charges if only the rounding of its lines lies between.
FEET = """
    WITH period AS MATERIALIZED (
        SELECT period.id, customer.currency, COALESCE(tally.amount, 0) AS exact
          FROM leads_billingperiod period
          JOIN leads_customer customer ON customer.id = period.customer_id
          LEFT JOIN pricing_periodtally tally ON tally.period_id = period.id
         WHERE period.label = ANY (%(labels)s) AND (%(of_all)s OR period.customer_id = ANY (%(customers)s))
    ), invoice AS MATERIALIZED (
        SELECT invoice.id, invoice.period_id, invoice.state, invoice.tax, invoice.credit, invoice.total
          FROM invoices_invoice invoice JOIN period ON period.id = invoice.period_id
    ), line AS (
        SELECT line.invoice_id, COALESCE(sum(line.exact_amount) FILTER (WHERE line.kind = 'charges'), 0) AS exact,
               COALESCE(sum(line.amount) FILTER (WHERE line.kind = 'charges'), 0) AS charges,
               COALESCE(sum(line.amount) FILTER (WHERE line.kind = 'minimum'), 0) AS minimum,
               COALESCE(sum(line.amount) FILTER (WHERE line.kind = 'adjustment'), 0) AS adjustments,
               COALESCE(sum(line.amount) FILTER (WHERE line.kind = 'credit_line'), 0) AS credit_lines,
               count(*) FILTER (WHERE line.kind = 'charges') AS lines
          FROM invoices_invoiceline line JOIN invoice ON invoice.id = line.invoice_id AND invoice.state <> 'void'
         WHERE line.kind <> 'not_charged'
         GROUP BY 1
    ), of_period AS (
        SELECT period.id, period.currency, period.exact, invoice.id IS NULL AS is_absent, invoice.state,
               COALESCE(line.charges, 0) AS charges, COALESCE(line.exact, 0) AS exact_on_lines,
               COALESCE(line.lines, 0) AS lines, COALESCE(line.minimum, 0) AS minimum,
               COALESCE(line.adjustments, 0) AS adjustments, COALESCE(line.credit_lines, 0) AS credit_lines,
               COALESCE(invoice.tax, 0) AS tax,
               COALESCE(invoice.credit, 0) AS credit, COALESCE(invoice.total, 0) AS total,
               COALESCE(voided.invoices, 0) AS voided
          FROM period
          LEFT JOIN (SELECT period_id, count(*) AS invoices FROM invoice WHERE state = 'void' GROUP BY 1) voided
                 ON voided.period_id = period.id
          LEFT JOIN invoice ON invoice.period_id = period.id AND invoice.state <> 'void'
          LEFT JOIN line ON line.invoice_id = invoice.id
    )
    SELECT one.currency, sum(exact), COALESCE(sum(exact) FILTER (WHERE is_absent), 0),
           COALESCE(sum(charges - exact) FILTER (WHERE NOT is_absent), 0),
           sum(minimum), sum(adjustments), sum(credit_lines), sum(tax), sum(credit), sum(total),
           count(*), count(*) FILTER (WHERE is_absent),
           count(*) FILTER (WHERE state = 'draft'), count(*) FILTER (WHERE state = 'approved'),
           count(*) FILTER (WHERE state = 'issued'), sum(voided)::bigint,
           COALESCE(array_agg(one.id ORDER BY one.id) FILTER (
               WHERE NOT is_absent AND (charges + minimum + adjustments + credit_lines + tax + credit <> total
                                        OR exact <> exact_on_lines
                                        OR abs(charges - exact) > lines * unit.minor / 2)), '{}')
      FROM of_period one JOIN unnest(%(currencies)s::text[], %(minors)s::numeric[]) unit (currency, minor)
           ON unit.currency = one.currency
     GROUP BY 1
     ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Foot:
    """Periods of one currency, added up: exact − not invoiced + rounding + minimum + … = the total of the invoices.

    A period counts with all its activity, also what occurred before it and came late.
    """

    currency: str
    exact: Decimal
    not_invoiced: Decimal
    rounding: Decimal
    minimum: Decimal
    adjustments: Decimal
    credit_lines: Decimal  # of what was voided after an earlier invoice
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
            *((("Credit lines", self.credit_lines),) if self.credit_lines else ()),
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
    """Add up by currency the billing periods with these labels; customers by ID, None for all."""
    currencies = sorted(set(Customer.objects.order_by().values_list("currency", flat=True).distinct()))
    asked = {
        "labels": list(labels),
        "of_all": customers is None,
        "customers": list(customers or ()),
        "currencies": currencies,
        "minors": [minor_unit(currency) for currency in currencies],
    }
    return [Foot(*(*row[:-1], tuple(row[-1]))) for row in few_rows_of(FEET, asked)]
