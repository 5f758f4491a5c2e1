"""Serializers of the API: amounts are strings with the decimal places of their currency, exact amounts with six."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from billing_engine.core import money
from billing_engine.core.calendar.wording import days_of
from invoices.domain.document.content import amount_due
from invoices.domain.document.content_lines import late_of
from invoices.domain.document.replacement import Replacements
from invoices.domain.lines.detail import DetailCharge
from invoices.models import Invoice, InvoiceLine
from pricing.api.serializers import CutSerializer, cuts_shape
from pricing.models import Charge


class InvoiceSerializer(serializers.Serializer[Any]):
    """An invoice without its lines."""

    invoice = serializers.IntegerField(help_text="Our id of the invoice, for other requests.")
    number = serializers.CharField(allow_null=True, help_text="Set when the invoice is issued.")
    state = serializers.ChoiceField(Invoice.State.values)
    customer = serializers.CharField(help_text="The customer's code.")
    period = serializers.CharField(help_text="The cycle, such as 2026-10.")
    first_day = serializers.DateField(help_text="The first day of the billing period, in the customer's time zone.")
    last_day = serializers.DateField(help_text="The last day of the billing period.")
    period_name = serializers.CharField(help_text="As on the invoice: October 2026, or the days of the period.")
    currency = serializers.CharField()
    subtotal = serializers.CharField()
    tax = serializers.CharField()
    total = serializers.CharField()
    amount_due = serializers.CharField(help_text="Zero before the invoice is issued, and once it is void.")
    issued_on = serializers.DateField(allow_null=True)
    due_on = serializers.DateField(allow_null=True, help_text="Null once the invoice is void.")
    sent_at = serializers.DateTimeField(allow_null=True)
    replaces = serializers.IntegerField(allow_null=True, help_text="The void invoice that it replaces.")
    replaced_by = serializers.IntegerField(allow_null=True, help_text="Its replacement, which can be a draft.")
    lines = serializers.CharField(help_text="The URL of its lines.")


class LineSerializer(serializers.Serializer[Any]):
    """A line: the rounded sum of its charges, or what was not charged and why."""

    line = serializers.IntegerField(help_text="Our id of the line, for other requests.")
    position = serializers.IntegerField()
    kind = serializers.ChoiceField(InvoiceLine.Kind.values)
    description = serializers.CharField()
    product = serializers.CharField(allow_null=True, help_text="The product's SKU.")
    type = serializers.CharField(allow_null=True, help_text="The action type's code.")
    rule = serializers.IntegerField(allow_null=True, help_text="The id of the price rule's revision.")
    reason = serializers.CharField(allow_blank=True, help_text="The reason why the actions were not charged.")
    late_from = serializers.CharField(
        allow_blank=True, help_text="For late activity: the first day of the week or month in which it occurred."
    )
    late_from_name = serializers.CharField(allow_blank=True, help_text="The same as text, such as September 2026.")
    actions = serializers.IntegerField()
    quantity = serializers.CharField()
    exact_amount = serializers.CharField(help_text="The sum of the charges before rounding.")
    amount = serializers.CharField()
    charges = serializers.CharField(allow_null=True, help_text="The URL of its charges.")


class PeriodChargeSerializer(serializers.Serializer[Any]):
    """One action priced."""

    action = serializers.IntegerField(help_text="Our id of the action, which is also the charge's id.")
    id = serializers.CharField(help_text="The source's id of the action.")
    type = serializers.CharField()
    lead = serializers.CharField(help_text="The source's id of the lead.")
    source = serializers.CharField()  # type: ignore[assignment]  # a field of the answer, not the option of that name
    product = serializers.CharField(help_text="The product's SKU.")
    occurred_at = serializers.DateTimeField()
    late_from = serializers.CharField(allow_blank=True, help_text="As on its line.")
    quantity = serializers.CharField()
    value = serializers.CharField(allow_null=True)
    rule = serializers.IntegerField(allow_null=True)
    reason = serializers.ChoiceField(Charge.Reason.values, allow_blank=True)
    full_amount = serializers.CharField(help_text="The amount before any cap.")
    cuts = CutSerializer(many=True, help_text="The amount that each cap cut from the full amount, in order.")
    exact_amount = serializers.CharField()
    explanation = serializers.CharField(help_text="The URL of the explanation of the price.")


class LineChargeSerializer(PeriodChargeSerializer):
    """One action priced, with its share of its line."""

    amount = serializers.CharField(help_text="Its share of the line. The shares add up to the line, to the cent.")


def invoice_shape(invoice: Invoice, places: Replacements, lines: str) -> dict[str, Any]:
    """Return an invoice in the shape of `InvoiceSerializer`; reads its customer and period."""
    first, last = days_of(invoice.period.start_at, invoice.period.end_at, invoice.customer.zone)
    amounts = {name: _rounded(getattr(invoice, name), invoice.currency) for name in ("subtotal", "tax", "total")}
    return {
        "invoice": invoice.pk,
        "number": invoice.number,
        "state": invoice.state,
        "customer": invoice.customer.code,
        "period": invoice.period.label,
        "first_day": first,
        "last_day": last,
        "period_name": invoice.period.in_words,
        "currency": invoice.currency,
        **amounts,
        "amount_due": _rounded(amount_due(invoice), invoice.currency),
        "issued_on": invoice.issued_on,
        "due_on": None if invoice.state == Invoice.State.VOID else invoice.due_on,
        "sent_at": invoice.sent_at,
        "replaces": places.replaces and places.replaces.pk,
        "replaced_by": places.replaced_by and places.replaced_by.pk,
        "lines": lines,
    }


def line_shape(line: InvoiceLine, currency: str, charges: str | None) -> dict[str, Any]:
    """Return a line in the shape of `LineSerializer`; reads its product and action type, and the customer of a late line."""
    return {
        "line": line.pk,
        "position": line.position,
        "kind": line.kind,
        "description": line.description,
        "product": line.product and line.product.sku,
        "type": line.action_type and line.action_type.code,
        "rule": line.rule_id,
        "reason": line.reason,
        "late_from": line.late_from,
        "late_from_name": late_of(line),
        "actions": line.actions,
        "quantity": str(line.quantity),
        "exact_amount": str(line.exact_amount),
        "amount": _rounded(line.amount, currency),
        "charges": charges,
    }


def charge_shape(charge: DetailCharge, explanation: str) -> dict[str, Any]:
    """Return a charge in the shape of `PeriodChargeSerializer`."""
    return {
        "action": charge.action,
        "id": charge.action_id,
        "type": charge.type_code,
        "lead": charge.lead_id,
        "source": charge.source_code,
        "product": charge.sku,
        "occurred_at": charge.occurred_at,
        "late_from": charge.late_from,
        "quantity": str(charge.quantity),
        "value": None if charge.value is None else str(charge.value),
        "rule": charge.rule,
        "reason": charge.reason,
        "full_amount": str(charge.full_amount),
        "cuts": cuts_shape(charge.cuts),
        "exact_amount": str(charge.exact_amount),
        "explanation": explanation,
    }


def _rounded(amount: Decimal, currency: str) -> str:
    return str(money.rounded(amount, currency))
