"""The last pages of a PDF: every charge, line by line, adding up to the lines to the cent."""

from dataclasses import asdict, dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_datetime

from billing_engine.core import money
from billing_engine.core.calendar.wording import date_order
from invoices.domain.document.parties import bill_to, day_of_paper
from invoices.domain.lines.detail import DetailCharge, detail_of
from invoices.domain.wording import clean, quantity_in_words
from invoices.models import Invoice, InvoiceLine

MAX_CHARGES = 10_000  # about 150 pages
LEAD_FITS, ACTION_FITS = 44, 22  # characters per column


@dataclass(frozen=True, slots=True)
class AnnexPart:
    """A line of the invoice with its charges: time, source and lead, action, quantity, amount."""

    position: int
    description: str
    amount: str
    rows: list[tuple[str, ...]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Annex:
    """The charges of all lines, or why they are not listed."""

    parts: tuple[AnnexPart, ...]
    note: str

    def as_data(self) -> dict[str, Any]:
        """Return the annex as plain lists, dictionaries and strings."""
        return asdict(self)


def annex_of(invoice: Invoice) -> Annex | None:
    """Return an invoice's annex; None if the customer wants none, or nothing was charged."""
    invoice = Invoice.objects.select_related("period__customer").get(pk=invoice.pk)
    customer = invoice.period.customer
    kept = invoice.bill_to or bill_to(invoice, on=day_of_paper(invoice))
    lines = list(invoice.lines.filter(kind=InvoiceLine.Kind.CHARGES).order_by("position"))
    charges = sum(line.actions for line in lines)
    if not charges or not kept.get("detail_annex", False):
        return None
    with money.read_in(kept.get("locale", str(money.LOCALE))):
        if charges > MAX_CHARGES:
            count = quantity_in_words(money.ZERO + charges)
            return Annex((), f"{count} charges are too many to list here. Please ask us for the file.")
        shown_zone = customer.time_zone.replace("_", " ")
        note = f"Each charge with its share of its line, to the cent. Times are in the time zone {shown_zone}."
        return Annex(_parts(invoice, lines), note)


def _parts(invoice: Invoice, lines: list[InvoiceLine]) -> tuple[AnnexPart, ...]:
    parts = {
        line.position: AnnexPart(line.position, clean(line.description), money.in_words(line.amount, invoice.currency))
        for line in lines
    }
    zone, order = invoice.period.customer.zone, date_order()
    for line, charge, share in detail_of(invoice):
        if line.position in parts:
            amount = money.in_words(share, invoice.currency)
            parts[line.position].rows.append(_row(charge, amount, zone, order))
    return tuple(parts.values())


def _row(charge: DetailCharge, amount: str, zone: ZoneInfo, order: Locale) -> tuple[str, ...]:
    day = "MMM d, HH:mm" if order == money.LOCALE else "d MMM, HH:mm"
    return (
        str(format_datetime(charge.occurred_at, day, tzinfo=zone, locale=order)),
        _shortened(f"{charge.source_name} · {charge.lead_id}", LEAD_FITS),
        _shortened(charge.action_id, ACTION_FITS),
        quantity_in_words(charge.quantity),
        amount,
    )


def _shortened(text: str, fits: int) -> str:
    """Shorten the text to fit one row; the files have the full text. Measuring each row would double the time."""
    text = clean(text)
    return text if len(text) <= fits else f"{text[: fits // 2]}…{text[-(fits // 2 - 1) :]}"
