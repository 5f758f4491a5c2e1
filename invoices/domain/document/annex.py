"""The last pages of a PDF: every charge, line by line, adding up to the lines to the cent."""

from dataclasses import asdict, dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_datetime

from billing_engine.core import money
from billing_engine.core.calendar.wording import date_order
from invoices.domain.lines.detail import DetailCharge, detail_of
from invoices.domain.wording import clean, quantity_in_words
from invoices.models import Invoice, InvoiceLine

AT_MOST = 10_000  # charges: some hundred and fifty pages
LEAD_FITS, ACTION_FITS = 44, 22  # signs, in their columns


@dataclass(frozen=True, slots=True)
class AnnexPart:
    """A line of the invoice with its charges: when, which lead from where, which action, how many, how much."""

    position: int
    description: str
    amount: str
    rows: list[tuple[str, ...]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Annex:
    """All charged lines; or why they are not listed."""

    parts: tuple[AnnexPart, ...]
    note: str

    def as_data(self) -> dict[str, Any]:
        """The same as plain lists, dictionaries and strings."""
        return asdict(self)


def annex_of(invoice: Invoice) -> Annex | None:
    """The annex of an invoice, draft or issued; None where its customer wants none, or nothing was charged."""
    invoice = Invoice.objects.select_related("customer", "period").get(pk=invoice.pk)
    customer = invoice.customer
    kept = invoice.bill_to or {"detail_annex": customer.detail_annex, "locale": customer.locale}
    lines = list(invoice.lines.filter(kind=InvoiceLine.Kind.CHARGES).order_by("position"))
    charges = sum(line.actions for line in lines)
    if not charges or not kept.get("detail_annex", False):
        return None
    with money.read_in(kept.get("locale", str(money.LOCALE))):
        if charges > AT_MOST:
            count = quantity_in_words(money.ZERO + charges)
            return Annex((), f"{count} charges are more than this document lists; ask for them as a file.")
        shown_zone = customer.time_zone.replace("_", " ")
        note = f"Each charge with its share of its line, to the cent. Times are in the time zone {shown_zone}."
        return Annex(_parts(invoice, lines), note)


def _parts(invoice: Invoice, lines: list[InvoiceLine]) -> tuple[AnnexPart, ...]:
    parts = {
        line.position: AnnexPart(line.position, clean(line.description), money.in_words(line.amount, invoice.currency))
        for line in lines
    }
    zone, order = invoice.customer.zone, date_order()
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
    """In one row, whose height is fixed: measuring each would cost half the time. The files have all of it."""
    text = clean(text)
    return text if len(text) <= fits else f"{text[: fits // 2]}…{text[-(fits // 2 - 1) :]}"
