"""An invoice as EN 16931 has it: its stored amounts and parties, with the norm's own names (BT-1, BG-25)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from billing_engine.core import money
from billing_engine.core.countries import country_code
from invoices.domain.document.parties import bill_to, day_of_paper, seller_of
from invoices.domain.document.taxed_lines import TaxedLine, taxed_lines_of
from invoices.domain.wording import clean, lines_of
from invoices.models import Invoice
from receivables.domain.credit_notes.taxed_lines import credited_lines_of
from receivables.models import CreditNote

Facts = dict[str, Any]

INVOICE, CREDIT_NOTE, PIECE = "380", "381", "C62"
LONGEST_NAME = 200
STANDARD, ZERO, EXEMPT, REVERSE_CHARGE = "S", "Z", "E", "AE"


@dataclass(frozen=True, slots=True)
class Party:
    """A seller or a buyer; the country is the last line of the address."""

    name: str
    address: tuple[str, ...]
    vat_id: str

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Party":
        return cls(clean(kept["name"]), lines_of(kept["address"]), clean(kept["tax_id"]).replace(" ", ""))

    @property
    def country(self) -> str:
        return country_code(self.address[-1]) if self.address else ""

    @property
    def vat_country(self) -> str:
        """The country that a VAT number begins with; "" if it is another number."""
        prefix = self.vat_id[:2].upper()
        return country_code("GR" if prefix == "EL" else prefix) if prefix.isalpha() and len(prefix) == 2 else ""

    def as_facts(self) -> Facts:
        """The party with the library's names; the lines of the address as they were written."""
        lines = self.address[:-1]
        facts: Facts = {"name": self.name, "country_code": self.country}
        facts |= {f"addr_l{place}": line for place, line in enumerate(lines[:3], start=1)}
        if len(lines) > 3:
            facts["addr_l3"] = ", ".join(lines[2:])
        if self.vat_country:
            facts["vat_identifier"] = self.vat_id.upper()
        return facts


@dataclass(frozen=True, slots=True)
class Rate:
    """A VAT category with its rate."""

    category: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Electronic:
    """An invoice with all that the norm asks for, read once."""

    invoice: Invoice
    seller: Party
    buyer: Party
    lines: Sequence[TaxedLine]
    rates: Mapping[str, Decimal]  # the percentage of each tax by its name on the lines
    note: CreditNote | None = None  # what is expressed, if not the invoice itself

    @property
    def exemption(self) -> str:
        return clean(self.invoice.tax_exempt_reason)

    def rate_of(self, line: TaxedLine) -> Rate:
        """The category and rate of a line, which has one tax at most."""
        for tax in line.taxes:
            percent = self.rates[tax]
            return Rate(STANDARD if percent else ZERO, percent)
        is_reverse = "reverse charge" in self.exemption.lower()
        return Rate(REVERSE_CHARGE if is_reverse else EXEMPT, money.ZERO)

    def taxes(self) -> dict[Rate, tuple[Decimal, Decimal]]:
        """The sum of the lines and the stored tax of each category and rate."""
        bases, taxes = defaultdict[Rate, Decimal](Decimal), defaultdict[Rate, Decimal](Decimal)
        for line in self.lines:
            rate = self.rate_of(line)
            bases[rate] += line.amount
            taxes[rate] += sum(line.taxes.values(), money.ZERO)
        return {
            rate: (bases[rate], taxes[rate]) for rate in sorted(bases, key=lambda each: (each.category, each.percent))
        }


def read(invoices: Sequence[Invoice]) -> list[Electronic]:
    """Read the invoices with their lines, in a bounded number of queries; drafts as they would be issued today."""
    lines = taxed_lines_of({invoice.pk for invoice in invoices})
    found = []
    for invoice in invoices:
        day = day_of_paper(invoice)
        seller = Party.of(invoice.seller or seller_of(invoice, on=day))
        buyer = Party.of(invoice.bill_to or bill_to(invoice, on=day))
        rates = {str(tax): tax.rate for tax in invoice.taxes.all()}
        found.append(Electronic(invoice, seller, buyer, lines[invoice.pk], rates))
    return found


def read_note(note: CreditNote) -> Electronic:
    """Read an issued credit note; it is between the parties of its invoice, as they stood on that."""
    [invoice] = read([note.invoice])
    lines = credited_lines_of([note.document_id])[note.document_id] if note.document_id else []
    rates = {str(tax): tax.rate for tax in note.taxes.all()}
    return replace(invoice, lines=lines, rates=rates, note=note)


def facts_of(one: Electronic) -> Facts:
    """The document for the library; money as text, so that it is written digit for digit."""
    invoice, period, document = one.invoice, one.invoice.period, one.note or one.invoice
    zone, shown = period.customer.zone, _Amounts(invoice.currency)
    last_day = (period.end_at.astimezone(zone) - timedelta(microseconds=1)).date()
    facts: Facts = {
        "BT-1": document.number,
        "BT-2": document.issued_on,
        "BT-5": invoice.currency,
        "BT-72": last_day,
        "BT-73": period.start_at.astimezone(zone).date(),
        "BT-74": last_day,
        "BG-4": one.seller.as_facts(),
        "BG-7": one.buyer.as_facts(),
        "BT-106": shown(document.subtotal),
        "BT-109": shown(document.subtotal),
        "BT-110": shown(document.tax),
        "BT-112": shown(document.subtotal + document.tax),
        "BT-115": shown(document.total),
        "BG-23": [_tax(one, rate, *sums, shown) for rate, sums in one.taxes().items()],
        "BG-25": [_line(one, place, line, shown) for place, line in enumerate(one.lines, start=1)],
        **(_of_note(one.note) if one.note else _of_invoice(invoice, shown)),
    }
    if order := clean(invoice.bill_to.get("purchase_order", "")):
        facts |= {"BT-13": order, "BT-10": order}
    return {name: value for name, value in facts.items() if value is not None}


def _of_invoice(invoice: Invoice, shown: "_Amounts") -> Facts:
    """What only an invoice has: when and how it is paid, and the credit that it used."""
    return {
        "BT-3": INVOICE,
        "BT-9": invoice.due_on,
        "BT-20": clean(invoice.seller.get("pay_to", "")) or None,
        "BT-113": shown(-invoice.credit) if invoice.credit else None,
    }


def _of_note(note: CreditNote) -> Facts:
    """What only a credit note has: its invoice, and why; its amounts are positive."""
    return {
        "BT-3": CREDIT_NOTE,
        "BT-9": note.issued_on,
        "BG-1": [{"BT-22": clean(note.sentence)}],
        "BG-3": [{"BT-25": note.invoice.number, "BT-26": note.invoice.issued_on}],
    }


class _Amounts:
    """Amounts as text with the currency's decimal places."""

    def __init__(self, currency: str) -> None:
        self.currency = currency

    def __call__(self, amount: Decimal) -> str:
        return f"{money.rounded(amount, self.currency):f}"


def _tax(one: Electronic, rate: Rate, base: Decimal, tax: Decimal, shown: _Amounts) -> Facts:
    facts = {
        "BT-116": shown(base),
        "BT-117": shown(tax),
        "BT-118": rate.category,
        "BT-119": f"{rate.percent.normalize():f}",
    }
    return facts | ({"BT-120": one.exemption} if rate.category in (EXEMPT, REVERSE_CHARGE) else {})


def _line(one: Electronic, place: int, line: TaxedLine, shown: _Amounts) -> Facts:
    """One piece at the line's amount; a negative line is a negative quantity, because a price is never negative."""
    rate = one.rate_of(line)
    name = line.description if len(line.description) <= LONGEST_NAME else f"{line.description[: LONGEST_NAME - 1]}…"
    return {
        "BT-126": str(place),
        "BT-129": "-1" if line.amount < 0 else "1",
        "BT-130": PIECE,
        "BT-131": shown(line.amount),
        "BT-146": shown(abs(line.amount)),
        "BT-151": rate.category,
        "BT-152": f"{rate.percent.normalize():f}",
        "BT-153": name,
        **({"BT-154": line.description} if name != line.description else {}),
    }
