"""An invoice as EN 16931 has it: its stored amounts and parties, with the norm's own names (BT-1, BG-25)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from billing_engine.core import money
from billing_engine.core.countries import country_code
from invoices.domain.document.parties import bill_to, day_of_paper, seller_of
from invoices.domain.document.taxed_lines import TaxedLine, taxed_lines_of
from invoices.domain.wording import clean, lines_of
from invoices.models import Invoice

Facts = dict[str, Any]

INVOICE, PIECE = "380", "C62"
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


def facts_of(one: Electronic) -> Facts:
    """The invoice for the library; money as text, so that it is written digit for digit."""
    invoice, period = one.invoice, one.invoice.period
    zone = period.customer.zone
    shown = _Amounts(invoice.currency)
    last_day = (period.end_at.astimezone(zone) - timedelta(microseconds=1)).date()
    facts: Facts = {
        "BT-1": invoice.number,
        "BT-2": invoice.issued_on,
        "BT-3": INVOICE,
        "BT-5": invoice.currency,
        "BT-9": invoice.due_on,
        "BT-20": clean(invoice.seller.get("pay_to", "")) or None,
        "BT-72": last_day,
        "BT-73": period.start_at.astimezone(zone).date(),
        "BT-74": last_day,
        "BG-4": one.seller.as_facts(),
        "BG-7": one.buyer.as_facts(),
        "BT-106": shown(invoice.subtotal),
        "BT-109": shown(invoice.subtotal),
        "BT-110": shown(invoice.tax),
        "BT-112": shown(invoice.subtotal + invoice.tax),
        "BT-115": shown(invoice.total),
        "BG-23": [_tax(one, rate, *sums, shown) for rate, sums in one.taxes().items()],
        "BG-25": [_line(one, place, line, shown) for place, line in enumerate(one.lines, start=1)],
    }
    if order := clean(invoice.bill_to.get("purchase_order", "")):
        facts |= {"BT-13": order, "BT-10": order}
    if invoice.credit:
        facts["BT-113"] = shown(-invoice.credit)
    return {name: value for name, value in facts.items() if value is not None}


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
