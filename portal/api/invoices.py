"""A customer's invoices, their lines, and what of them was not charged."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing_engine.core.api.filters import asked_number, asked_text, text_filter
from billing_engine.core.api.paging import AFTER as AFTER_POSITION
from billing_engine.core.api.paging import LIMIT, asked_limit, page_response, page_serializer
from billing_engine.core.api.problem_examples import problems
from invoices.domain.document.parts.tax_rows import tax_rows
from invoices.models import Invoice, InvoiceLine, InvoiceProof
from portal.api.examples import INVOICE_EXAMPLE
from portal.api.invoice_shapes import (
    InvoiceOfCustomerSerializer,
    LineOfCustomerSerializer,
    ReceivedSerializer,
    WholeInvoiceSerializer,
    invoice_shape,
    line_shape,
    rounded,
)
from portal.api.view import PAGED, CustomerView, in_path
from portal.pages.invoices.invoice import one_invoice
from pricing.wording.reasons import name_to_buyer, sentence_to_buyer
from receivables.domain.disputes.windows import window_of
from receivables.models import CreditNote, Reason
from receivables.queries.customer_invoices import STANDINGS, customer_invoices
from reports.queries.completeness import of_period

INVOICE = in_path("invoice", "the invoice")


class CustomerInvoices(CustomerView):
    """The invoices."""

    @extend_schema(
        operation_id="customer_invoices",
        tags=["Customer"],
        summary="List your invoices",
        description="The latest first, issued and void ones.",
        parameters=[text_filter("state", "How it stands today.", enum=list(STANDINGS)), *PAGED],
        responses={
            200: page_serializer(InvoiceOfCustomerSerializer, "InvoiceOfCustomer"),
            **problems(400, 401, 403, 404, 406, 429, 503),
        },
    )
    def get(self, request: Request) -> Response:
        state, limit = asked_text(request, "state", list(STANDINGS)), asked_limit(request)
        numbered = Invoice.objects.filter(customer=self.key.customer, number__isnull=False)
        after = self.find_asked(numbered, "after")
        found = customer_invoices(self.key.customer, on=self.key.customer.today)
        if after is not None:
            place = next(place for place, each in enumerate(found) if each.invoice.pk == after.pk)
            found = found[place + 1 :]
        rows = [each for each in found if state in ("", each.standing.value)][: limit + 1]
        own = self.own
        results = [invoice_shape(own, each) for each in rows[:limit]]
        return page_response(request, rows, results, limit=limit, place=lambda each: own.id_of(each.invoice))


class CustomerInvoiceOne(CustomerView):
    """One invoice."""

    @extend_schema(
        operation_id="customer_invoice",
        tags=["Customer"],
        summary="Get one of your invoices",
        parameters=[INVOICE],
        responses={200: WholeInvoiceSerializer, **problems(401, 403, 404, 406, 429, 503)},
        examples=[INVOICE_EXAMPLE],
    )
    def get(self, request: Request, invoice: str) -> Response:
        own = self.own
        found = one_invoice(own, invoice)
        stored, currency = found.invoice, found.invoice.currency
        notes = CreditNote.objects.issued().filter(invoice=stored).order_by("pk")
        whole = {
            "taxes": [
                {
                    "name": row.tax.name,
                    "rate": str(row.tax.rate),
                    "base": rounded(row.base, currency),
                    "amount": rounded(row.amount, currency),
                }
                for row in tax_rows(stored)
            ],
            "tax_exempt_reason": stored.tax_exempt_reason,
            "credit_notes": [
                {
                    "credit_note": own.id_of(note),
                    "number": note.number,
                    "issued_on": note.issued_on,
                    "total": rounded(note.total, currency),
                }
                for note in notes
            ],
            "disputable": [] if found.is_void else _disputable(stored),
            "has_proof": InvoiceProof.objects.filter(invoice=stored).exists(),
        }
        return Response(invoice_shape(own, found) | whole)


def _disputable(invoice: Invoice) -> list[dict[str, Any]]:
    reasons = Reason.objects.filter(is_active=True, customers_may_give_it=True).order_by("name")
    return [{"reason": reason.code, "last_day": window_of(invoice, reason)} for reason in reasons]


class CustomerLines(CustomerView):
    """The lines of an invoice."""

    @extend_schema(
        operation_id="customer_invoice_lines",
        tags=["Customer"],
        summary="List the lines of one of your invoices",
        description="In the order of the invoice. `after` is a position.",
        parameters=[
            INVOICE,
            text_filter("kind", "The kind of line.", enum=InvoiceLine.Kind.values),
            AFTER_POSITION,
            LIMIT,
        ],
        responses={
            200: page_serializer(LineOfCustomerSerializer, "LineOfCustomer"),
            **problems(400, 401, 403, 404, 406, 429, 503),
        },
    )
    def get(self, request: Request, invoice: str) -> Response:
        own = self.own
        numbered = Invoice.objects.filter(customer=own.customer, number__isnull=False)
        found = own.find(numbered.prefetch_related("customer__cycle_changes"), invoice)
        limit, after = asked_limit(request), asked_number(request, "after")
        kind = asked_text(request, "kind", InvoiceLine.Kind.values)
        asked = {"kind": kind, "position__gt": after}
        lines = found.lines.filter(**{name: value for name, value in asked.items() if value}).order_by("position")
        rows = list(lines.select_related("product", "action_type")[: limit + 1])
        for line in rows:
            line.invoice = found  # with its customer, which need not be read again
        results = [line_shape(own, line, found.currency) for line in rows[:limit]]
        return page_response(request, rows, results, limit=limit, place=lambda line: line.position)


class CustomerNotCharged(CustomerView):
    """What happened to all that was received in the invoice's billing period."""

    @extend_schema(
        operation_id="customer_not_charged",
        tags=["Customer"],
        summary="Count what was received, charged and not charged",
        description="For the billing period of one of your invoices. The actions of a reason are the charges of the lines of the "
        "kind `not_charged`.",
        parameters=[INVOICE],
        responses={200: ReceivedSerializer, **problems(401, 403, 404, 406, 429, 503)},
    )
    def get(self, request: Request, invoice: str) -> Response:
        counts = of_period(one_invoice(self.own, invoice).invoice.period)
        names = ("received", "charged", "included", "not_charged", "waiting")
        reasons = [
            {"reason": code, "name": name_to_buyer(code), "sentence": sentence_to_buyer(code), "actions": count}
            for code, count in counts.reasons.items()
        ]
        return Response({name: getattr(counts, name) for name in names} | {"reasons": reasons})
