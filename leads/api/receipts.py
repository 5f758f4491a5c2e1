"""`GET /api/v1/receipts/{receipt}` and `GET /api/v1/limits`."""

from typing import cast

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing_engine.core.api.problem_examples import problems
from leads.api.serializers import LimitsSerializer, ReceiptAgainSerializer
from leads.domain.limits import PUBLISHED
from leads.models import ApiKey
from leads.queries.receipts import receipt_of


class ReceiptView(APIView):
    """Returns a receipt with the current state of its quarantined items."""

    for_sources = ApiKey.Scope.READ.value

    @extend_schema(
        operation_id="receipt",
        tags=["Leads in"],
        summary="Retrieve a receipt",
        description="The response to an earlier delivery. Each quarantined item has its current state: waiting, "
        "repaired, or discarded and why. A source can see only the receipts of its own deliveries.",
        parameters=[OpenApiParameter("receipt", int, OpenApiParameter.PATH, description="The number of the receipt.")],
        responses={
            200: OpenApiResponse(ReceiptAgainSerializer, "The receipt"),
            **problems(401, 403, 404, 406, 429, 503),
        },
    )
    def get(self, request: Request, receipt: int) -> Response:
        key = cast("ApiKey", request.auth)  # required by the authentication
        answer = receipt_of(key.source, receipt)
        if answer is None:
            raise Http404
        return Response(answer)


class LimitsView(APIView):
    """Returns the limits of a delivery."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="limits",
        tags=["Leads in"],
        summary="Retrieve the limits of a delivery",
        responses={200: OpenApiResponse(LimitsSerializer, "The limits"), **problems(406)},
        auth=[],
    )
    def get(self, request: Request) -> Response:
        return Response(PUBLISHED)
