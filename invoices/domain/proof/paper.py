"""The invoice of a bundle: its lines, taxes and totals as data, without its people."""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from billing_engine.core import money
from invoices.domain.lines.minimum import minimum_of
from invoices.domain.lines.totals import taxed_lines
from invoices.models import Invoice, InvoiceLine


def paper_of(invoice: Invoice, *, rules: Mapping[Any, str], salt: bytes) -> dict[str, Any]:
    """The invoice as it lies in the bundle; `salt` is the secret that the nonces of the charges come from."""
    lines = list(invoice.lines.select_related("product", "action_type").order_by("position"))
    position_of = {line.pk: line.position for line in lines}
    amount = partial(_amount, places=money.places(invoice.currency))
    minimum = minimum_of(invoice.period)[0] if invoice.period.customer_terms.monthly_minimum else None
    return {
        "number": invoice.number,
        "customer": invoice.customer.code,
        "period": invoice.period.label,
        "issued_on": str(invoice.issued_on),
        "due_on": str(invoice.due_on),
        "seller": _party(invoice.seller),
        "bill_to": _party(invoice.bill_to),
        "currency": invoice.currency,
        "places": money.places(invoice.currency),
        "lines": [_line(line, rules) | {"amount": amount(line.amount)} for line in lines],
        "minimum": None if minimum is None else amount(minimum),
        "taxes": [
            {
                "name": tax.name,
                "rate": f"{tax.rate:f}",
                "base": amount(tax.base),
                "amount": amount(tax.amount),
                "lines": sorted(position_of[pk] for pk in taxed),
            }
            for tax, taxed in taxed_lines(invoice, lines)
        ],
        "subtotal": amount(invoice.subtotal),
        "tax": amount(invoice.tax),
        "credit": amount(invoice.credit),
        "total": amount(invoice.total),
        "salt": salt.hex(),
    }


def _amount(amount: Decimal, *, places: int) -> str:
    """An amount with the decimal places of its currency."""
    return f"{amount:.{places}f}"


def _party(details: Mapping[str, Any]) -> dict[str, str]:
    return {name: details.get(name, "") for name in ("name", "address", "tax_id")}


def _line(line: InvoiceLine, rules: Mapping[Any, str]) -> dict[str, Any]:
    return {
        "position": line.position,
        "kind": line.kind,
        "description": line.description,
        "product": line.product.sku if line.product else "",
        "action_type": line.action_type.code if line.action_type else "",
        "rule": rules[line.rule_id] if line.rule_id else "",
        "reason": line.reason,
        "late_from": line.late_from,
        "actions": line.actions,
        "quantity": f"{line.quantity:f}",
        "unit": line.unit,
        "exact_amount": f"{line.exact_amount:f}",
    }
