"""Paginated charges: those of a line with their shares, and those of a billing period."""

from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing_engine.core import money
from billing_engine.core.api.filters import BadFilter, asked_number, asked_text, text_filter
from billing_engine.core.api.paging import AFTER, LIMIT, asked_limit, page_response, page_serializer
from billing_engine.core.api.problem_examples import problems
from invoices.api.access import InvoicesView
from invoices.api.invoices import PRODUCT, TYPE
from invoices.api.serializers import LineChargeSerializer, PeriodChargeSerializer, charge_shape
from invoices.domain.lines.detail import ChargeCursor, DetailCharge, page_of_period
from invoices.domain.lines.kept import place_of, reached, shares_from, start_of
from invoices.domain.lines.one_line import page_of_line
from invoices.models import InvoiceLine
from leads.models import Action, BillingPeriod
from pricing.models import Charge


class LineChargesPage(InvoicesView):
    """The charges of a line."""

    @extend_schema(
        operation_id="line_charges",
        tags=["Invoices"],
        summary="List the charges of a line",
        description="In rating order. `amount` is each charge's share of the line, allocated by largest remainder: "
        "the shares add up to the line, to the cent.",
        parameters=[
            OpenApiParameter("line", int, OpenApiParameter.PATH, description="Our id of the line."),
            AFTER,
            LIMIT,
        ],
        responses={
            200: page_serializer(LineChargeSerializer, "LineCharge"),
            **problems(400, 401, 403, 404, 406, 429, 503),
        },
    )
    def get(self, request: Request, line: int) -> Response:
        found = InvoiceLine.objects.select_related("invoice__customer").filter(pk=line).first()
        if found is None:
            raise Http404
        currency, limit = found.invoice.currency, asked_limit(request)
        after = _cursor(request, found.invoice.period_id)
        rows = page_of_line(found, limit=limit + 1, after=after)
        here = reached(found, place_of(rows[0])) if rows and after else start_of(found)
        amounts = shares_from(found, here, rows[:limit], then=rows[limit] if len(rows) > limit else None)
        shares = [str(money.rounded(amount, currency)) for amount in amounts]
        results = [_shown(row) | {"amount": share} for row, share in zip(rows[:limit], shares, strict=True)]
        return page_response(request, rows, results, limit=limit, place=_after)


class ChargesPage(InvoicesView):
    """The charges of a billing period."""

    @extend_schema(
        operation_id="charges",
        tags=["Invoices"],
        summary="List the charges of a billing period, billed or not",
        description="In rating order, for one customer and one cycle.",
        parameters=[
            OpenApiParameter(
                "customer", {"type": "string", "minLength": 1}, required=True, description="The customer's code."
            ),
            OpenApiParameter(
                "period", {"type": "string", "minLength": 1}, required=True, description="The cycle, such as 2026-10."
            ),
            PRODUCT,
            TYPE,
            text_filter("reason", "Why it was not charged.", enum=Charge.Reason.values),
            AFTER,
            LIMIT,
        ],
        responses={
            200: page_serializer(PeriodChargeSerializer, "Charge"),
            **problems(400, 401, 403, 404, 406, 429, 503),
        },
    )
    def get(self, request: Request) -> Response:
        customer, label = asked_text(request, "customer"), asked_text(request, "period")
        if not customer or not label:
            raise BadFilter("Set “customer” and “period”.")
        filters = {
            "sku": asked_text(request, "product"),
            "type": asked_text(request, "type"),
            "reason": asked_text(request, "reason", Charge.Reason.values),
        }
        limit = asked_limit(request)
        periods = BillingPeriod.objects.labeled(label).select_related("customer")
        period = periods.filter(customer__code__iexact=customer).first()
        if period is None:
            raise Http404
        rows = page_of_period(period, limit=limit + 1, after=_cursor(request, period.pk), **filters)
        results = [_shown(row) for row in rows[:limit]]
        return page_response(request, rows, results, limit=limit, place=_after)


def _cursor(request: Request, period: int) -> ChargeCursor | None:
    action = asked_number(request, "after")
    if action is None:
        return None
    found = Action.objects.filter(pk=action, period=period).first()
    if found is None:
        raise BadFilter("“after” must be an action of these charges.", parameter="after")
    return found.occurred_at, found.pk


def _after(charge: DetailCharge) -> int:
    return charge.action


def _shown(charge: DetailCharge) -> dict[str, object]:
    return charge_shape(charge, reverse("explanation", args=[charge.action]))
