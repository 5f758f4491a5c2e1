"""Invoices and their lines as data: amounts are strings with the decimal places of their currency."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from billing_engine.core import money
from billing_engine.core.calendar.wording import days_of
from invoices.domain.document.content_lines import late_of
from invoices.models import Invoice, InvoiceLine
from portal.gate import OwnRows
from pricing.wording.reasons import name_to_buyer
from receivables.queries.customer_invoices import STANDINGS, CustomerInvoice


class InvoiceOfCustomerSerializer(serializers.Serializer[Any]):
    """One of your invoices, as it stands today."""

    invoice = serializers.CharField(help_text="Its ID, as in the portal's addresses.")
    number = serializers.CharField()
    state = serializers.ChoiceField(list(STANDINGS))
    period = serializers.CharField(help_text="October 2026, or the days of the billing period.")
    first_day = serializers.DateField(help_text="The first day of the billing period, in your time zone.")
    last_day = serializers.DateField(help_text="The last day of the billing period.")
    time_zone = serializers.CharField(help_text="Your billing time zone, whose days these are.")
    issued_on = serializers.DateField()
    due_on = serializers.DateField(allow_null=True, help_text="Null once the invoice is void.")
    purchase_order = serializers.CharField(allow_blank=True)
    currency = serializers.CharField()
    subtotal = serializers.CharField(help_text="Before tax.")
    tax = serializers.CharField()
    total = serializers.CharField()
    credited = serializers.CharField()
    paid = serializers.CharField()
    open = serializers.CharField(help_text="What is left of it, disputed or not. Below zero, it is kept as credit.")
    disputed = serializers.CharField(help_text="What of it is disputed.")
    to_pay = serializers.CharField(help_text="What is open and not disputed.")
    replaces = serializers.CharField(allow_null=True, help_text="The ID of the void invoice that it replaces.")
    replaced_by = serializers.CharField(allow_null=True, help_text="The ID of the invoice that replaces it.")


class TaxSerializer(serializers.Serializer[Any]):
    """A tax of the invoice."""

    name = serializers.CharField()
    rate = serializers.CharField(help_text="In percent.")
    base = serializers.CharField(help_text="What it is on.")
    amount = serializers.CharField()


class CreditNoteSerializer(serializers.Serializer[Any]):
    """A credit note for the invoice."""

    credit_note = serializers.CharField(help_text="Its ID, for its PDF.")
    number = serializers.CharField()
    issued_on = serializers.DateField()
    total = serializers.CharField()


class DisputableSerializer(serializers.Serializer[Any]):
    """Until when charges of the invoice can be disputed for a reason."""

    reason = serializers.CharField(help_text="The code of the reason.")
    last_day = serializers.DateField(help_text="In your time zone.")


class WholeInvoiceSerializer(InvoiceOfCustomerSerializer):
    """One of your invoices with its taxes, credit notes and last days for disputes."""

    taxes = TaxSerializer(many=True)
    tax_exempt_reason = serializers.CharField(allow_blank=True)
    credit_notes = CreditNoteSerializer(many=True)
    disputable = DisputableSerializer(many=True)
    has_proof = serializers.BooleanField(help_text="Whether there is a proof bundle.")


class LineOfCustomerSerializer(serializers.Serializer[Any]):
    """A line: the rounded sum of its charges, or what was not charged and why."""

    line = serializers.CharField(help_text="Its ID, for its charges and for disputes.")
    position = serializers.IntegerField()
    kind = serializers.ChoiceField(InvoiceLine.Kind.values)
    description = serializers.CharField()
    product = serializers.CharField(allow_null=True)
    sku = serializers.CharField(allow_null=True)
    action_type = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_blank=True, help_text="The code of the reason why nothing was charged.")
    reason_name = serializers.CharField(allow_blank=True)
    late_from = serializers.CharField(allow_blank=True, help_text="The week or month of late activity, in words.")
    actions = serializers.IntegerField()
    quantity = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)
    exact_amount = serializers.CharField(help_text="The sum of the charges before rounding.")
    amount = serializers.CharField()


class ReasonCountSerializer(serializers.Serializer[Any]):
    """Why some actions cost nothing, and how many."""

    reason = serializers.CharField()
    name = serializers.CharField()
    sentence = serializers.CharField()
    actions = serializers.IntegerField()


class ReceivedSerializer(serializers.Serializer[Any]):
    """What happened to everything received: received = charged + included + not_charged + waiting."""

    received = serializers.IntegerField()
    charged = serializers.IntegerField()
    included = serializers.IntegerField(help_text="Charged at zero.")
    not_charged = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Waiting for a price.")
    reasons = ReasonCountSerializer(many=True, help_text="Why actions were not charged, the most frequent first.")


def rounded(amount: Decimal, currency: str) -> str:
    """The amount with the decimal places of its currency."""
    return str(money.rounded(amount, currency))


def invoice_shape(own: OwnRows, each: CustomerInvoice) -> dict[str, Any]:
    """Return an invoice as `InvoiceOfCustomerSerializer` describes."""
    invoice, customer, currency = each.invoice, own.customer, each.invoice.currency
    first, last = days_of(invoice.period.start_at, invoice.period.end_at, customer.zone)
    amounts = {
        "subtotal": invoice.subtotal,
        "tax": invoice.tax,
        "total": each.owed,
        "credited": each.used.credited,
        "paid": each.used.paid,
        "open": each.left,
        "disputed": each.disputed,
        "to_pay": each.to_pay,
    }
    return {
        "invoice": own.id_of(invoice),
        "number": invoice.number,
        "state": each.standing.value,
        "period": invoice.period.in_words,
        "first_day": first,
        "last_day": last,
        "time_zone": customer.time_zone,
        "issued_on": invoice.issued_on,
        "due_on": None if each.is_void else invoice.due_on,
        "purchase_order": invoice.bill_to.get("purchase_order", ""),
        "currency": currency,
        **{name: rounded(amount, currency) for name, amount in amounts.items()},
        "replaces": _numbered(own, each.replacements.replaces),
        "replaced_by": _numbered(own, each.replacements.replaced_by),
    }


def _numbered(own: OwnRows, invoice: Invoice | None) -> str | None:
    """The ID of an issued invoice; a draft is not shown."""
    return own.id_of(invoice) if invoice and invoice.number else None


def line_shape(own: OwnRows, line: InvoiceLine, currency: str) -> dict[str, Any]:
    """Return a line as `LineOfCustomerSerializer` describes; reads its product and action type."""
    return {
        "line": own.id_of(line),
        "position": line.position,
        "kind": line.kind,
        "description": line.description,
        "product": line.product and line.product.name,
        "sku": line.product and line.product.sku,
        "action_type": line.action_type and line.action_type.name,
        "reason": line.reason,
        "reason_name": name_to_buyer(line.reason) if line.reason else "",
        "late_from": late_of(line),
        "actions": line.actions,
        "quantity": str(line.quantity),
        "unit": line.unit,
        "exact_amount": str(line.exact_amount),
        "amount": rounded(line.amount, currency),
    }
