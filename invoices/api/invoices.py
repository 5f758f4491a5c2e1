"""Invoices and their lines, a page at a time."""

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from invoices.api.filters import (
    AFTER,
    LIMIT,
    InvoicesView,
    asked_day,
    asked_limit,
    asked_number,
    asked_text,
    next_address,
    text_filter,
)
from invoices.api.serializers import InvoiceSerializer, LineSerializer, invoice_shape, line_shape, page_of
from invoices.domain.document.replacement import Places, places_of
from invoices.models import Invoice, InvoiceLine
from leads.api.serializers import problems

DAY = {"type": "string", "format": "date"}
CUSTOMER = text_filter("customer", "The customer's code.")
PERIOD = text_filter("period", "The cycle, such as 2026-10.")
PRODUCT = text_filter("product", "The product's SKU.")
TYPE = text_filter("type", "The action type's code.")
BEHIND_CHARGES = (InvoiceLine.Kind.CHARGES, InvoiceLine.Kind.NOT_CHARGED)


class InvoicesPage(InvoicesView):
    """Invoices."""

    @extend_schema(
        operation_id="invoices",
        tags=["Invoices"],
        summary="Invoices",
        description="The latest made come first. For staff who may see invoices.",
        parameters=[
            CUSTOMER,
            text_filter("state", "As it stands.", enum=Invoice.State.values),
            PERIOD,
            OpenApiParameter("issued_from", DAY, description="Issued on this day or later."),
            OpenApiParameter("issued_to", DAY, description="Issued before this day."),
            AFTER,
            LIMIT,
        ],
        responses={200: page_of(InvoiceSerializer, "Invoice"), **problems(400, 401, 403, 406, 429, 503)},
    )
    def get(self, request: Request) -> Response:
        limit, found = asked_limit(request), _filtered(request).order_by("-pk")
        rows = list(found.select_related("customer", "period__customer")[: limit + 1])
        places = places_of(rows[:limit])
        results = [_shown(invoice, places[invoice.pk]) for invoice in rows[:limit]]
        return Response({"results": results, "next": next_address(request, _last(rows, limit))})


class InvoicePage(InvoicesView):
    """One invoice."""

    @extend_schema(
        operation_id="invoice",
        tags=["Invoices"],
        summary="One invoice",
        parameters=[OpenApiParameter("invoice", int, OpenApiParameter.PATH, description="Our number of it.")],
        responses={200: InvoiceSerializer, **problems(401, 403, 404, 406, 429, 503)},
    )
    def get(self, request: Request, invoice: int) -> Response:
        found = Invoice.objects.select_related("customer", "period__customer").filter(pk=invoice).first()
        if found is None:
            raise Http404
        return Response(_shown(found, places_of([found])[found.pk]))


class LinesPage(InvoicesView):
    """The lines of an invoice."""

    @extend_schema(
        operation_id="invoice_lines",
        tags=["Invoices"],
        summary="The lines of an invoice",
        description="In the order they stand on it; `after` is a position.",
        parameters=[
            OpenApiParameter("invoice", int, OpenApiParameter.PATH, description="Our number of it."),
            text_filter("kind", "What stands on the line.", enum=InvoiceLine.Kind.values),
            PRODUCT,
            TYPE,
            text_filter("reason", "Why it was not charged."),
            AFTER,
            LIMIT,
        ],
        responses={200: page_of(LineSerializer, "Line"), **problems(400, 401, 403, 404, 406, 429, 503)},
    )
    def get(self, request: Request, invoice: int) -> Response:
        found = Invoice.objects.prefetch_related("customer__cycle_changes").filter(pk=invoice).first()
        if found is None:
            raise Http404
        limit, lines = asked_limit(request), found.lines.order_by("position")
        asked = {
            "kind": asked_text(request, "kind", InvoiceLine.Kind.values),
            "product__sku": asked_text(request, "product"),
            "action_type__code": asked_text(request, "type"),
            "reason": asked_text(request, "reason"),
            "position__gt": asked_number(request, "after"),
        }
        lines = lines.filter(**{name: value for name, value in asked.items() if value})
        rows = list(lines.select_related("product", "action_type")[: limit + 1])
        results = [line_shape(line, found.currency, _charges(line)) for line in rows[:limit]]
        after = rows[limit - 1].position if len(rows) > limit else None
        return Response({"results": results, "next": next_address(request, after)})


def _filtered(request: Request) -> QuerySet[Invoice]:
    asked = {
        "customer__code__iexact": asked_text(request, "customer"),
        "state": asked_text(request, "state", Invoice.State.values),
        "period__label": asked_text(request, "period"),
        "issued_on__gte": asked_day(request, "issued_from"),
        "issued_on__lt": asked_day(request, "issued_to"),
        "pk__lt": asked_number(request, "after"),
    }
    return Invoice.objects.filter(**{name: value for name, value in asked.items() if value})


def _last(rows: list[Invoice], limit: int) -> int | None:
    return rows[limit - 1].pk if len(rows) > limit else None


def _shown(invoice: Invoice, places: Places) -> dict[str, object]:
    return invoice_shape(invoice, places, reverse("api-lines", args=[invoice.pk]))


def _charges(line: InvoiceLine) -> str | None:
    return reverse("api-line-charges", args=[line.pk]) if line.kind in BEHIND_CHARGES else None
