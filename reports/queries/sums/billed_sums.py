"""The invariants of billing: lines, totals, numbers and outstanding amounts."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from billing_engine.core.money import ZERO, in_words, price_in_words, rounded
from billing_engine.core.read_replica import rows_of
from invoices.domain.lines.charge_sums import LATE_FROM
from reports.queries.sums.invariant import Invariant, Sides

# A line without charges and charges without a line are rows too. Charges are matched with the first of their lines only,
# so that a duplicate line has none.
LINES = f"""
    WITH summed AS (
        SELECT action.period_id, CASE charge.reason WHEN '' THEN 'charges' ELSE 'not_charged' END AS kind,
               CASE charge.reason WHEN '' THEN lead.product_id ELSE 0 END AS product_id, action.action_type_id,
               CASE charge.reason WHEN '' THEN charge.rule_id ELSE 0 END AS rule_id, charge.reason,
               CASE WHEN charge.reason <> '' THEN '' ELSE {LATE_FROM.replace("%(zone)s", "customer.time_zone")} END AS late_from,
               min(customer.currency) AS currency, count(*) AS charges, sum(charge.amount) AS amount
          FROM leads_action action
          JOIN pricing_charge charge ON charge.action_id = action.id
          JOIN leads_lead lead ON lead.id = action.lead_id
          JOIN leads_billingperiod period ON period.id = action.period_id
          JOIN leads_customer customer ON customer.id = period.customer_id
         WHERE period.state = 'closed' AND (%(month)s = '' OR period.label = ANY(%(labels)s))
         GROUP BY 1, 2, 3, 4, 5, 6, 7
    ), line AS (
        SELECT line.id, line.invoice_id, invoice.period_id, line.kind, COALESCE(line.product_id, 0) AS product_id,
               COALESCE(line.action_type_id, 0) AS action_type_id, COALESCE(line.rule_id, 0) AS rule_id, line.reason,
               line.late_from, line.position, line.actions, line.exact_amount, line.amount, invoice.currency,
               row_number() OVER (PARTITION BY invoice.period_id, line.kind, line.product_id, line.action_type_id,
                                  line.rule_id, line.reason, line.late_from ORDER BY line.id) AS nth
          FROM invoices_invoiceline line
          JOIN invoices_invoice invoice ON invoice.id = line.invoice_id
          JOIN leads_billingperiod period ON period.id = invoice.period_id
         WHERE line.kind IN ('charges', 'not_charged') AND invoice.state <> 'void'
           AND (%(month)s = '' OR period.label = ANY(%(labels)s))
    )
    SELECT line.id, line.invoice_id, line.position, summed.period_id, COALESCE(line.currency, summed.currency),
           COALESCE(summed.charges, 0), COALESCE(line.actions, 0),
           COALESCE(summed.amount, 0), COALESCE(line.exact_amount, 0), COALESCE(line.amount, 0)
      FROM summed
      FULL JOIN line ON line.period_id = summed.period_id AND line.kind = summed.kind
           AND line.product_id = summed.product_id AND line.action_type_id = summed.action_type_id
           AND line.rule_id = summed.rule_id AND line.reason = summed.reason AND line.late_from = summed.late_from
           AND line.nth = 1
     ORDER BY line.invoice_id, line.position, summed.period_id
"""  # noqa: S608 -- an expression of our own
TOTALS = """
    SELECT invoice.id, invoice.currency, invoice.subtotal, invoice.tax, invoice.credit, invoice.total,
           COALESCE((SELECT sum(amount) FROM invoices_invoiceline line WHERE line.invoice_id = invoice.id), 0),
           COALESCE((SELECT sum(amount) FROM invoices_invoicetax tax WHERE tax.invoice_id = invoice.id), 0)
      FROM invoices_invoice invoice
      JOIN leads_billingperiod period ON period.id = invoice.period_id
     WHERE %(month)s = '' OR period.label = ANY(%(labels)s)
     ORDER BY invoice.id
"""
# The category of a product may change later, so the base of a tax is only compared if it applies to all lines.
# The taxes of a credit line are those of the credit, which copied them from the corrected invoice.
TAXES = """
    SELECT invoice.id, invoice.currency, tax.name, tax.rate, tax.base,
           CASE WHEN tax.line_id IS NULL THEN tax.amount WHEN invoice.state = 'void' THEN 0 ELSE tax.amount - COALESCE((
               SELECT -sum(copied.amount) FROM receivables_creditnotetax copied
                 JOIN receivables_creditnote credit ON credit.id = copied.note_id
                WHERE credit.carried_by_id = tax.line_id AND copied.name = tax.name AND copied.rate = tax.rate), 0) END,
           CASE WHEN tax.line_id IS NOT NULL THEN tax.base
           WHEN tax.categories = '[]' THEN invoice.subtotal - COALESCE((
               SELECT sum(line.amount) FROM invoices_invoiceline line
                WHERE line.invoice_id = invoice.id AND line.kind = 'credit_line'), 0)
           ELSE (SELECT sum((part ->> 'base')::numeric) FROM jsonb_array_elements(tax.categories) part) END,
           tax.line_id
      FROM invoices_invoicetax tax
      JOIN invoices_invoice invoice ON invoice.id = tax.invoice_id
      JOIN leads_billingperiod period ON period.id = invoice.period_id
     WHERE %(month)s = '' OR period.label = ANY(%(labels)s)
     ORDER BY invoice.id, tax.position
"""
NUMBERS = """
    SELECT company.name, series.year, series.last, count(invoice.id)
      FROM invoices_numberseries series
      LEFT JOIN leads_company company ON company.id = series.seller_id
      LEFT JOIN invoices_invoice invoice ON invoice.series_id = series.id
     GROUP BY series.id, company.name ORDER BY company.name NULLS FIRST, series.year
"""
# Numbers of a series that no invoice has, and vice versa. A number is compared with the number expected from its position
# in the series and the seller's format of that day; it is never parsed.
GAPS = """
    SELECT company.name, series.year, given.serial
      FROM invoices_numberseries series
      LEFT JOIN leads_company company ON company.id = series.seller_id
     CROSS JOIN generate_series(1, series.last) given (serial)
     WHERE NOT EXISTS (SELECT FROM invoices_invoice invoice
                        WHERE invoice.series_id = series.id AND invoice.serial = given.serial)
     ORDER BY company.name NULLS FIRST, series.year, given.serial
"""
STRAYS = """
    SELECT invoice.id, invoice.number, count(*) OVER (PARTITION BY lower(invoice.number)),
           invoice.number IS NOT DISTINCT FROM
               replace(invoice.seller ->> 'number_prefix', '{year}', series.year::text)
               || lpad(serial::text, greatest((invoice.seller ->> 'number_digits')::int, length(serial::text)), '0')
      FROM invoices_invoice invoice
      LEFT JOIN invoices_numberseries series ON series.id = invoice.series_id AND invoice.serial BETWEEN 1 AND series.last
           AND series.year = extract(year FROM invoice.issued_on)
     WHERE invoice.number IS NOT NULL
     ORDER BY 1
"""
# What an invoice put into the ledger, beside its lines and taxes; voids have the same amount on the other side.
POSTED = """
    SELECT invoice.id, invoice.customer_id, period.customer_id, customer.name, invoice.currency,
           invoice.tax + COALESCE((SELECT sum(amount) FROM invoices_invoiceline line WHERE line.invoice_id = invoice.id), 0),
           (SELECT CASE side WHEN 'credit' THEN -amount ELSE amount END FROM receivables_ledgerdocument item
             WHERE item.invoice_id = invoice.id AND item.kind = 'invoice'),
           invoice.state = 'void',
           (SELECT CASE side WHEN 'debit' THEN -amount ELSE amount END FROM receivables_ledgerdocument item
             WHERE item.invoice_id = invoice.id AND item.kind = 'void')
      FROM invoices_invoice invoice
      JOIN leads_billingperiod period ON period.id = invoice.period_id
      JOIN leads_customer customer ON customer.id = invoice.customer_id
     WHERE invoice.state IN ('issued', 'void')
     ORDER BY invoice.id
"""
OPEN = """
    WITH item AS (
        SELECT item.customer_id, item.currency, item.side, item.amount - COALESCE((
                   SELECT sum(allocation.amount) FROM receivables_allocation allocation
                    WHERE item.id IN (allocation.credit_id, allocation.debit_id)), 0) AS left_over,
               (SELECT sum(posting.amount) FROM receivables_posting posting
                 WHERE posting.document_id = item.id AND posting.account = 'receivable') AS posted
          FROM receivables_ledgerdocument item WHERE item.side <> ''
    )
    SELECT customer.id, customer.name, item.currency, COALESCE(sum(item.posted), 0),
           COALESCE(sum(item.left_over) FILTER (WHERE item.side = 'debit'), 0)
               - COALESCE(sum(item.left_over) FILTER (WHERE item.side = 'credit'), 0)
      FROM item JOIN leads_customer customer ON customer.id = item.customer_id
     GROUP BY 1, 2, 3 ORDER BY 1, 3
"""

Sums = defaultdict[str, list[Any]]


def lines(parameters: Mapping[str, Any]) -> list[Invariant]:
    """3. A line is the rounded sum of its charges; every charge of a closed period is on exactly one line."""
    sums = Invariant("3a", "exact amounts of the lines", "sum of their charges; each line is that sum, rounded once")
    once = Invariant("3b", "charges of closed periods", "charges on the lines of invoices, each on exactly one")
    amounts, counts = Sums(lambda: [ZERO, ZERO]), [0, 0]
    for line, invoice, position, period, currency, charges, on_line, amount, exact, billed in rows_of(
        LINES, parameters
    ):
        amounts[currency][0] += exact
        amounts[currency][1] += amount
        counts[0] += charges
        counts[1] += on_line
        row = ("invoices.invoice", invoice) if line else ("leads.billingperiod", period)
        name = f"line {position} (id {line})" if line else "no line"
        if charges != on_line:
            once.add_breach(*row, f"{name}: {on_line:,} on the line, {charges:,} charges")
        if amount != exact:
            said = f"{price_in_words(exact, currency)} on the line, charges of {price_in_words(amount, currency)}"
            sums.add_breach(*row, f"{name}: {said}")
        elif billed != rounded(exact, currency):
            sums.add_breach(
                *row, f"{name}: {price_in_words(exact, currency)} is not rounded to {price_in_words(billed, currency)}"
            )
    sums.sides = _by_currency(amounts)
    once.sides = [Sides("charges", counts[0], counts[1])]
    return [sums, once]


def totals(parameters: Mapping[str, Any]) -> Invariant:
    """3. An invoice's total is the sum of its lines, the tax on it, and the credit it uses or carries forward."""
    found = Invariant("3c", "totals of the invoices", "sum of their lines + tax + credit")
    sums, reported = Sums(lambda: [ZERO, ZERO]), set()
    for pk, currency, subtotal, tax, credit, total, of_lines, of_taxes in rows_of(TOTALS, parameters):
        sums[currency][0] += total
        sums[currency][1] += of_lines + of_taxes + credit
        if (subtotal, tax, total) != (of_lines, of_taxes, of_lines + of_taxes + credit):
            plus = f" + credit {in_words(credit, currency)}" if credit else ""
            sides = f"lines {in_words(of_lines, currency)} + tax {in_words(of_taxes, currency)}{plus}"
            reported.add(pk)
            found.add_breach("invoices.invoice", pk, f"{sides}, total {in_words(total, currency)}")
    for pk, currency, name, rate, base, amount, taxed, line in rows_of(TAXES, parameters):
        expected = ZERO if line else rounded(base * rate / 100, currency)
        if pk not in reported and (base != taxed or amount != expected):
            of = "that of its credit" if line else f"{rate.normalize():f}% of the lines"
            found.add_breach("invoices.invoice", pk, f"{name} {in_words(amount, currency)} is not {of}")
    found.sides = _by_currency(sums)
    return found


def numbers() -> Invariant:
    """4. Every number issued by a series is on exactly one invoice."""
    found = Invariant("4", "numbers issued", "invoices with a number, without gaps or duplicates, per series")
    own = settings.SELLER["name"]
    found.sides = [Sides(f"{name or own}, {year}", last, count) for name, year, last, count in rows_of(NUMBERS, {})]
    for name, year, serial in rows_of(GAPS, {}):
        words = f"{name or own}, {year}: number {serial:,} was issued, but no invoice has it"
        found.add_breach("invoices.invoice", None, words)
    for pk, number, holders, is_its_own in rows_of(STRAYS, {}):
        if holders > 1 or not is_its_own:
            words = "is on more than one invoice" if holders > 1 else "was never issued by its series"
            found.add_breach("invoices.invoice", pk, f"{number} {words}")
    return found


def outstanding() -> Invariant:
    """5. What is open and not yet applied equals the receivable account, and what was issued and voided stands in it."""
    found = Invariant("5", "receivable account", "outstanding − unapplied, per invoice, customer and in total")
    sums = Sums(lambda: [ZERO, ZERO])
    for pk, customer, of_period, name, currency, billed, posted, is_void, voided in rows_of(POSTED, {}):
        if customer != of_period:
            found.add_breach("invoices.invoice", pk, f"issued to {name}, for a billing period of another customer")
        if posted != billed:
            in_ledger = "nothing" if posted is None else in_words(posted, currency)
            found.add_breach(
                "invoices.invoice", pk, f"{name}: issued {in_words(billed, currency)}, in the ledger {in_ledger}"
            )
        if voided != (billed if is_void else None):
            found.add_breach("invoices.invoice", pk, f"{name}: its void and the ledger differ")
    for customer, name, currency, posted, left in rows_of(OPEN, {}):
        sums[currency][0] += posted
        sums[currency][1] += left
        if posted != left:
            found.add_breach(
                "leads.customer",
                customer,
                f"{name}: account and open items differ by {in_words(posted - left, currency)}",
            )
    found.sides = _by_currency(sums)
    return found


def _by_currency(sums: Mapping[str, list[Any]]) -> list[Sides]:
    return [Sides(currency, left, right, currency) for currency, (left, right) in sorted(sums.items())]
