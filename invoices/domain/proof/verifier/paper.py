"""Check the invoice: each line is the rounded sum of its charges, taxes are on their lines, and the total adds up."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any

from invoices.domain.proof.verifier.charges import LineKey, Sums
from invoices.domain.proof.verifier.container import INVOICE
from invoices.domain.proof.verifier.content import micro
from invoices.domain.proof.verifier.difference import NotABundle, Report

EXACT = Context(prec=80)
MOST_PLACES = 6


def check_paper(invoice: dict[str, Any], sums: Mapping[LineKey, Sums], report: Report) -> None:
    """Compare invoice.json with the charges; differences go to the report, with a row for the lines and one for the total."""
    try:
        with localcontext(EXACT):
            since = report.count
            _lines(invoice, sums, report)
            _minimum(invoice, report)
            words = f"{in_words(invoice['subtotal'], invoice)}, rounded once per line"
            report.row(f"{len(invoice['lines']):,} lines", words, since=since)
            since = report.count
            _total(invoice, report)
            tax = f" with tax {in_words(invoice['tax'], invoice)}" if invoice["taxes"] else ""
            report.row("total", in_words(invoice["total"], invoice) + tax, since=since)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise NotABundle(f"{INVOICE} has an unexpected value: {error}") from error


def in_words(amount: str, invoice: dict[str, Any]) -> str:
    """`1,271.52 USD`."""
    return f"{_money(amount):,.{_places(invoice)}f} {invoice['currency']}"


def _rounded(amount: Decimal, invoice: dict[str, Any]) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-_places(invoice)), rounding=ROUND_HALF_UP)


def _places(invoice: dict[str, Any]) -> int:
    """The decimal places of the currency; ValueError for more than there are, which would fill the memory."""
    found: int = invoice["places"]
    if found not in range(MOST_PLACES + 1):
        raise ValueError(f"{found!r} is not a number of decimal places")
    return found


def _money(text: str) -> Decimal:
    """An amount; ValueError if it is not a number in digits."""
    return Decimal(micro(text)).scaleb(-6)


def _lines(invoice: dict[str, Any], sums: Mapping[LineKey, Sums], report: Report) -> None:
    left = dict(sums)
    for line in invoice["lines"]:
        if line["kind"] in ("charges", "not_charged"):
            key = line["product"], line["action_type"], line["rule"], line["reason"], line["late_from"]
            _line(line, left.pop(key, Sums()), invoice, report)
    for key in left:
        product, kind, rule, reason, late = key
        about = " ".join(part for part in (product, kind, rule and f"rule {rule}", reason, late) if part)
        report.differs(f"{INVOICE}: no line has the charges of {about}")


def _line(line: dict[str, Any], sums: Sums, invoice: dict[str, Any], report: Report) -> None:
    exact = Decimal(sums.amount).scaleb(-6)
    amount = _rounded(exact, invoice)
    expected = {
        "actions": Decimal(sums.actions),
        "quantity": Decimal(sums.quantity).scaleb(-6),
        "exact_amount": exact,
        "amount": amount,
    }
    for name, value in expected.items():
        stated = Decimal(line[name]) if name == "actions" else _money(line[name])
        if stated != value:
            report.differs(f"line {line['position']}: {name} {line[name]}, worked out {value}")


def _minimum(invoice: dict[str, Any], report: Report) -> None:
    """The difference to the monthly minimum is on the invoice if, and only if, the charges are below it."""
    charged = sum((_money(line["amount"]) for line in invoice["lines"] if line["kind"] == "charges"), Decimal(0))
    stated = sum((_money(line["amount"]) for line in invoice["lines"] if line["kind"] == "minimum"), Decimal(0))
    due = max(Decimal(0), _money(invoice["minimum"] or "0") - charged)
    if stated != due:
        report.differs(f"{INVOICE}: {stated} up to the monthly minimum, worked out {due}")


def _total(invoice: dict[str, Any], report: Report) -> None:
    amounts = {line["position"]: _money(line["amount"]) for line in invoice["lines"]}
    credit_lines = {line["position"] for line in invoice["lines"] if line["kind"] == "credit_line"}
    subtotal, taxes = sum(amounts.values(), Decimal(0)), Decimal(0)
    for tax in invoice["taxes"]:
        base = sum((amounts[position] for position in tax["lines"]), Decimal(0))
        # A credit copies the tax that the corrected invoice had; the last credit of it takes what was left.
        is_copied = bool(tax["lines"]) and set(tax["lines"]) <= credit_lines
        amount = _money(tax["amount"]) if is_copied else _rounded(base * _money(tax["rate"]) / 100, invoice)
        if (base, amount) != (_money(tax["base"]), _money(tax["amount"])):
            report.differs(f"tax {tax['name']}: {tax['amount']} on {tax['base']}, worked out {amount} on {base}")
        taxes += _money(tax["amount"])
    total = subtotal + taxes + _money(invoice["credit"])
    for name, value in (("subtotal", subtotal), ("tax", taxes), ("total", total)):
        if _money(invoice[name]) != value:
            report.differs(f"{INVOICE}: {name} {invoice[name]}, worked out {value}")
