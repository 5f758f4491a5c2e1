"""Receipts once more, and the limits."""

from typing import cast

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.api.serializers import LimitsSerializer, ReceiptAgainSerializer, problems
from leads.domain.limits import PUBLISHED
from leads.models import ApiKey
from leads.queries.receipts import receipt_of


class ReceiptView(APIView):
    """What was answered, and what has become of it since."""

    @extend_schema(
        operation_id="receipt",
        tags=["Leads in"],
        summary="A receipt again",
        description="The answer to a delivery once more; beside each quarantined item stands whether it still waits, was "
        "repaired, or was discarded and why. A source sees the receipts of its own deliveries.",
        parameters=[OpenApiParameter("receipt", int, OpenApiParameter.PATH, description="The receipt's number.")],
        responses={200: OpenApiResponse(ReceiptAgainSerializer, "The receipt"), **problems(401, 404, 406, 429, 503)},
    )
    def get(self, request: Request, receipt: int) -> Response:
        key = cast("ApiKey", request.auth)  # nobody gets here without one
        answer = receipt_of(key.source, receipt)
        if answer is None:
            raise Http404
        return Response(answer)


class LimitsView(APIView):
    """How much one delivery may hold."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="limits",
        tags=["Leads in"],
        summary="How much one delivery may hold",
        responses={200: OpenApiResponse(LimitsSerializer, "The limits"), **problems(406)},
        auth=[],
    )
    def get(self, request: Request) -> Response:
        return Response(PUBLISHED)
