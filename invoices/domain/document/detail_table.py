"""The detail as a table for CSV and XLSX: a row per charge; a line's rows add up to the line, to the cent."""

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

from billing_engine.core import money
from billing_engine.core.calendar.spans import Calendar, labels_of
from billing_engine.core.errors import Refused
from billing_engine.core.tables.csv import Cell
from invoices.domain.document.content_lines import late_of
from invoices.domain.lines.detail import DetailCharge, detail_of, unbilled_charges
from invoices.domain.wording import late_in_words
from invoices.models import Invoice, InvoiceLine
from leads.models import BillingPeriod
from leads.queries.corrections import corrections_in
from pricing.models import Charge
from pricing.wording.decision import reason_in_words

HEADER = (
    "Invoice",
    "Customer code",
    "Customer",
    "Period",
    "Line",
    "Line description",
    "Late activity from",
    "Outcome",
    "Reason",
    "Action number",
    "Action",
    "Action type",
    "Lead",
    "Source",
    "SKU",
    "Product",
    "Occurred at",
    "Time zone",
    "Quantity",
    "Unit",
    "Value",
    "Rule",
    "Rule revision",
    "Full price",
    "Cut by the limit per lead",
    "Cut by the limit per period",
    "Cut by the budget",
    "Corrected",
    "Exact amount",
    "Amount",
    "Currency",
)
# The number of columns that are empty for a line without charges.
CHARGE_COLUMNS = HEADER.index("Exact amount") - HEADER.index("Reason")
_late_in_words = lru_cache(maxsize=1_000)(late_in_words)  # called for every charge, for few weeks and months
WORKBOOK_ROWS = 100_000  # takes about 20 seconds
KINDS_WITH_CHARGES = (InvoiceLine.Kind.CHARGES, InvoiceLine.Kind.NOT_CHARGED)


class TooManyForAWorkbook(Refused):
    """A workbook is sent only once it is complete, so its size is limited."""

    code = "too_many_for_a_workbook"
    message = f"An XLSX file can have at most {WORKBOOK_ROWS:,} charges. Download the CSV, which has no limit."


def rows_of_invoice(invoice: Invoice) -> Iterator[list[Cell]]:
    """Yield a row per charge, in line order; a line without charges gets its own row."""
    calendar = invoice.customer.calendar
    head: list[Cell] = [str(invoice), *_of_period(invoice.period)]
    bare = list(invoice.lines.exclude(kind__in=KINDS_WITH_CHARGES).order_by("-position"))
    corrected = corrections_in(invoice.period)
    for line, charge, share in detail_of(invoice):
        while bare and bare[-1].position < line.position:
            yield _bare(head, bare.pop(), invoice.currency)
        yield [
            *head,
            line.position,
            line.description,
            *_of_charge(charge, calendar, corrected),
            share,
            invoice.currency,
        ]
    for last in reversed(bare):
        yield _bare(head, last, invoice.currency)


def rows_of_month(label: str) -> Iterator[list[Cell]]:
    """Yield all customers' charges of a month or cycle; unbilled charges have no line and no rounded amount."""
    periods = (
        BillingPeriod.objects.filter(label__in=labels_of(label))
        .select_related("customer")
        .order_by("customer__name", "pk")
    )
    for period in periods:
        invoices = list(Invoice.objects.live().filter(period=period).select_related("customer", "period__customer"))
        for invoice in invoices:
            yield from rows_of_invoice(invoice)
        if not invoices:
            calendar, corrected = period.customer.calendar, corrections_in(period)
            for charge in unbilled_charges(period):
                cells = _of_charge(charge, calendar, corrected)
                yield ["", *_of_period(period), None, "", *cells, None, period.customer.currency]


def refuse_too_many(**where: Any) -> None:
    """Raise TooManyForAWorkbook if there are more charges than a workbook can have."""
    some = Charge.objects.filter(**where).order_by()[: WORKBOOK_ROWS + 1]
    if some.values("pk").count() > WORKBOOK_ROWS:
        raise TooManyForAWorkbook


def _of_period(period: BillingPeriod) -> list[Cell]:
    return [period.customer.code, period.customer.name, period.label]


def _of_charge(charge: DetailCharge, calendar: Calendar, corrected: dict[int, str]) -> list[Cell]:
    return [
        _late_in_words(charge.late_from, calendar) if charge.late_from else "",
        "not charged" if charge.reason else "charged",
        reason_in_words(charge.reason) if charge.reason else "",
        charge.action,
        charge.action_id,
        charge.type_name,
        charge.lead_id,
        charge.source_name,
        charge.sku,
        charge.product,
        charge.occurred_at.astimezone(calendar.zone),
        calendar.zone.key,
        _plain(charge.quantity),
        charge.unit,
        None if charge.value is None else _plain(charge.value),
        charge.rule_name or "",
        charge.rule,
        charge.full_amount,
        charge.cut_per_lead,
        charge.cut_per_period,
        charge.cut_by_budget,
        corrected.get(charge.action, ""),
        charge.exact_amount,
    ]


def _bare(head: list[Cell], line: InvoiceLine, currency: str) -> list[Cell]:
    """Return the row of a line without charges: the monthly minimum or an adjustment."""
    kind = line.get_kind_display().lower()
    empty: list[Cell] = [None] * CHARGE_COLUMNS
    amount = money.rounded(line.amount, currency)
    return [*head, line.position, line.description, late_of(line), kind, *empty, line.exact_amount, amount, currency]


def _plain(number: Decimal) -> Decimal:
    """Remove trailing zeros, without switching to exponent notation."""
    return number.normalize() if number % 1 else number.to_integral_value()
