"""A cycle's money, from its charges to its invoice totals, its excluded actions by reason, and its flagged drafts."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Sum

from billing_engine.core.calendar.spans import Cycle, labels_of
from billing_engine.core.read_replica import rows_of
from invoices.domain.life.review_flags import Flag, flags_of, without_invoice
from invoices.models import Invoice, InvoiceLine
from leads.models import BillingPeriod

UNBILLED = "unbilled"  # in addition to the states of invoices

# One statement, so that all figures are from the same moment. It reads tallies and lines, which are thousands; the
# millions of charges are counted on the Invariants page.
MONEY = """
    WITH invoice AS MATERIALIZED (
        SELECT invoice.* FROM invoices_invoice invoice JOIN leads_billingperiod period ON period.id = invoice.period_id
         WHERE period.label = ANY (%(labels)s) AND invoice.state <> 'void'
    ), line AS (
        SELECT invoice.currency, invoice.state, line.kind, sum(line.exact_amount) AS exact, sum(line.amount) AS amount
          FROM invoices_invoiceline line JOIN invoice ON invoice.id = line.invoice_id
         GROUP BY 1, 2, 3
    ), tally AS (
        SELECT customer.currency, period.state, sum(tally.amount) AS amount
          FROM pricing_periodtally tally
          JOIN leads_billingperiod period ON period.id = tally.period_id
          JOIN leads_customer customer ON customer.id = period.customer_id
         WHERE period.label = ANY (%(labels)s)
         GROUP BY 1, 2
    )
    SELECT currency, '' AS state, 'charged' AS what, sum(amount) FROM tally GROUP BY 1
    UNION ALL SELECT currency, 'unbilled', 'charges', amount FROM tally WHERE state = 'open'
    UNION ALL SELECT currency, state, 'charges', exact FROM line WHERE kind = 'charges'
    UNION ALL SELECT currency, state, 'rounding', amount - exact FROM line WHERE kind = 'charges'
    UNION ALL SELECT currency, state, kind, amount FROM line WHERE kind NOT IN ('charges', 'not_charged')
    UNION ALL SELECT currency, state, 'tax', sum(tax) FROM invoice GROUP BY 1, 2
    UNION ALL SELECT currency, state, 'credit', sum(credit) FROM invoice GROUP BY 1, 2 HAVING sum(credit) <> 0
    UNION ALL SELECT currency, state, 'total', sum(total) FROM invoice GROUP BY 1, 2
    UNION ALL SELECT currency, state, 'invoices', count(*) FROM invoice GROUP BY 1, 2
"""
EXCLUDED = """
    SELECT reason, sum(n::bigint)
      FROM leads_billingperiod period
      JOIN pricing_periodtally tally ON tally.period_id = period.id, jsonb_each_text(tally.excluded_by) AS each (reason, n)
     WHERE period.label = ANY (%(labels)s)
     GROUP BY 1
"""
# Uses the index in rating order, so that only late actions are read.
LATE = """
    SELECT customer.currency, count(*), COALESCE(sum(charge.amount), 0)
      FROM leads_billingperiod period
      JOIN leads_customer customer ON customer.id = period.customer_id
      JOIN leads_action action ON action.period_id = period.id AND action.occurred_at < period.start_at
      LEFT JOIN pricing_charge charge ON charge.action_id = action.id
     WHERE period.label = ANY (%(labels)s)
     GROUP BY 1 ORDER BY 1
"""
CHARGED, CHARGES, TOTAL, INVOICES = "charged", "charges", "total", "invoices"


@dataclass(slots=True)
class CycleMoney:
    """A cycle's money in one currency, by part and state, in the order of an invoice."""

    currency: str
    charged: Decimal = Decimal(0)  # all charges, by the last rating
    parts: dict[str, dict[str, Decimal]] = field(default_factory=lambda: defaultdict(dict))  # what: {state: amount}
    invoices: dict[str, int] = field(default_factory=dict)

    @property
    def unaccounted(self) -> Decimal:
        """Return charged − (on invoices in any state + unbilled); anything but zero is an error."""
        return self.charged - sum(self.parts[CHARGES].values())

    @property
    def adds_up(self) -> bool:
        """Return whether every charge is accounted for, and each state's parts add up to its total."""
        return not self.unaccounted and all(
            sum(amounts.get(state, Decimal(0)) for what, amounts in self.parts.items() if what != TOTAL) == total
            for state, total in self.parts[TOTAL].items()
        )


def money_of(label: str) -> list[CycleMoney]:
    """Return the cycle's money by currency."""
    found: dict[str, CycleMoney] = {}
    for currency, state, what, amount in rows_of(MONEY, {"labels": list(labels_of(label))}):
        money = found.setdefault(currency, CycleMoney(currency))
        if what == CHARGED:
            money.charged = amount
        elif what == INVOICES:
            money.invoices[state] = int(amount)
        else:
            money.parts[what][state] = amount
    return [found[currency] for currency in sorted(found)]


def excluded_in(label: str) -> Counter[str]:
    """Count the cycle's excluded actions by reason."""
    return Counter({reason: int(count) for reason, count in rows_of(EXCLUDED, {"labels": list(labels_of(label))})})


def late_in(label: str) -> list[tuple[str, int, Decimal]]:
    """Return the cycle's late activity by currency: number of actions and amount."""
    return [(currency, count, amount) for currency, count, amount in rows_of(LATE, {"labels": list(labels_of(label))})]


@dataclass(frozen=True, slots=True)
class Flagged:
    """A flag on an invoice that is not issued yet."""

    invoice: Invoice
    flag: Flag

    @property
    def needs_review(self) -> bool:
        """Return whether Approve all skips the draft because of it."""
        return self.flag.needs_review and self.invoice.state == Invoice.State.DRAFT

    @property
    def rank(self) -> tuple[bool, bool, Decimal, str]:
        """Return what sorts it: first what needs review on a draft, then the larger amount."""
        amount = self.flag.amount
        return not self.needs_review, amount is None, -abs(amount or Decimal(0)), self.invoice.customer.name


def flagged_in(label: str) -> list[Flagged]:
    """Return the flags on the month's drafts and approved invoices: what needs review first, then by amount."""
    not_issued = [Invoice.State.DRAFT, Invoice.State.APPROVED]
    drafts = Invoice.objects.filter(period__label__in=labels_of(label), state__in=not_issued)
    found = list(drafts.select_related("customer", "period__customer"))
    flags = flags_of(found)
    rows = [Flagged(invoice, flag) for invoice in found for flag in flags.get(invoice.pk, ())]
    return sorted(rows, key=lambda row: row.rank)


def silent_in(label: str) -> list[Invoice]:
    """Return the last month's invoices with charges of active customers that have no invoice in this month."""
    before = str(Cycle.parse(label).previous())
    here = Invoice.objects.live().filter(customer=OuterRef("customer"), period__label__in=labels_of(label))
    charges = InvoiceLine.objects.filter(invoice=OuterRef("pk"), kind=InvoiceLine.Kind.CHARGES, amount__gt=0)
    found = Invoice.objects.live().filter(~Exists(here), Exists(charges), period__label__in=labels_of(before))
    return list(found.filter(customer__is_active=True).select_related("customer").order_by("customer__name", "pk"))


def without_invoice_in(label: str) -> int:
    """Count the closed periods with actions that are on no invoice."""
    return without_invoice(BillingPeriod.objects.closed().filter(label__in=labels_of(label))).count()


def cut_by_budgets_in(label: str) -> dict[str, tuple[int, Decimal]]:
    """Return what hard budgets cut, by currency: number of invoices and amount."""
    lines = InvoiceLine.objects.filter(invoice__period__label__in=labels_of(label), cut_by_budget__gt=0)
    live = lines.exclude(invoice__state=Invoice.State.VOID).values_list("invoice__currency")
    found = live.annotate(Count("invoice", distinct=True), Sum("cut_by_budget"))
    return {currency: (count, amount) for currency, count, amount in found}
