"""Paginated invoices and their lines."""

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing_engine.core.api.filters import asked_day, asked_number, asked_text, day_filter, text_filter
from billing_engine.core.api.paging import AFTER, LIMIT, asked_limit, page_response, page_serializer
from billing_engine.core.api.problem_examples import problems
from invoices.api.access import InvoicesView
from invoices.api.serializers import InvoiceSerializer, LineSerializer, invoice_shape, line_shape
from invoices.domain.document.replacement import Replacements, replacements_of
from invoices.models import Invoice, InvoiceLine

CUSTOMER = text_filter("customer", "The customer's code.")
PERIOD = text_filter("period", "The cycle, such as 2026-10.")
PRODUCT = text_filter("product", "The product's SKU.")
TYPE = text_filter("type", "The action type's code.")
KINDS_WITH_CHARGES = (InvoiceLine.Kind.CHARGES, InvoiceLine.Kind.NOT_CHARGED)


class InvoicesPage(InvoicesView):
    """Invoices."""

    @extend_schema(
        operation_id="invoices",
        tags=["Invoices"],
        summary="List invoices",
        description="Newest first. For staff who can see invoices.",
        parameters=[
            CUSTOMER,
            text_filter("state", "The invoice's state.", enum=Invoice.State.values),
            PERIOD,
            day_filter("issued_from", "Issued on this day or later."),
            day_filter("issued_to", "Issued before this day."),
            AFTER,
            LIMIT,
        ],
        responses={200: page_serializer(InvoiceSerializer, "Invoice"), **problems(400, 401, 403, 406, 429, 503)},
    )
    def get(self, request: Request) -> Response:
        limit, found = asked_limit(request), _filtered(request).order_by("-pk")
        rows = list(found.select_related("customer", "period__customer")[: limit + 1])
        places = replacements_of(rows[:limit])
        results = [_shown(invoice, places[invoice.pk]) for invoice in rows[:limit]]
        return page_response(request, rows, results, limit=limit, place=lambda invoice: invoice.pk)


class InvoicePage(InvoicesView):
    """One invoice."""

    @extend_schema(
        operation_id="invoice",
        tags=["Invoices"],
        summary="Get an invoice",
        parameters=[OpenApiParameter("invoice", int, OpenApiParameter.PATH, description="Our id of the invoice.")],
        responses={200: InvoiceSerializer, **problems(401, 403, 404, 406, 429, 503)},
    )
    def get(self, request: Request, invoice: int) -> Response:
        found = Invoice.objects.select_related("customer", "period__customer").filter(pk=invoice).first()
        if found is None:
            raise Http404
        return Response(_shown(found, replacements_of([found])[found.pk]))


class LinesPage(InvoicesView):
    """The lines of an invoice."""

    @extend_schema(
        operation_id="invoice_lines",
        tags=["Invoices"],
        summary="List the lines of an invoice",
        description="In the order of the invoice. `after` is a position.",
        parameters=[
            OpenApiParameter("invoice", int, OpenApiParameter.PATH, description="Our id of the invoice."),
            text_filter("kind", "The kind of line.", enum=InvoiceLine.Kind.values),
            PRODUCT,
            TYPE,
            text_filter("reason", "The reason why the actions were not charged."),
            AFTER,
            LIMIT,
        ],
        responses={200: page_serializer(LineSerializer, "Line"), **problems(400, 401, 403, 404, 406, 429, 503)},
    )
    def get(self, request: Request, invoice: int) -> Response:
        found = Invoice.objects.prefetch_related("customer__cycle_changes").filter(pk=invoice).first()
        if found is None:
            raise Http404
        limit, lines = asked_limit(request), found.lines.order_by("position")
        filters = {
            "kind": asked_text(request, "kind", InvoiceLine.Kind.values),
            "product__sku": asked_text(request, "product"),
            "action_type__code": asked_text(request, "type"),
            "reason": asked_text(request, "reason"),
            "position__gt": asked_number(request, "after"),
        }
        lines = lines.filter(**{name: value for name, value in filters.items() if value})
        rows = list(lines.select_related("product", "action_type")[: limit + 1])
        results = [line_shape(line, found.currency, _charges(line)) for line in rows[:limit]]
        return page_response(request, rows, results, limit=limit, place=lambda line: line.position)


def _filtered(request: Request) -> QuerySet[Invoice]:
    filters = {
        "customer__code__iexact": asked_text(request, "customer"),
        "state": asked_text(request, "state", Invoice.State.values),
        "period__label": asked_text(request, "period"),
        "issued_on__gte": asked_day(request, "issued_from"),
        "issued_on__lt": asked_day(request, "issued_to"),
        "pk__lt": asked_number(request, "after"),
    }
    return Invoice.objects.filter(**{name: value for name, value in filters.items() if value})


def _shown(invoice: Invoice, places: Replacements) -> dict[str, object]:
    return invoice_shape(invoice, places, reverse("api-lines", args=[invoice.pk]))


def _charges(line: InvoiceLine) -> str | None:
    return reverse("api-line-charges", args=[line.pk]) if line.kind in KINDS_WITH_CHARGES else None
