"""The door leads come in by."""

from typing import Any, cast

from django.http import HttpResponse
from django.urls import reverse
from django.utils.timezone import now
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.views import APIView

from billing_engine.core.errors import Refused
from leads.api.openapi import DELIVERY, DELIVERY_EXAMPLES, IDEMPOTENCY_KEY, RECEIPT_EXAMPLE
from leads.api.serializers import ReceiptSerializer, problems
from leads.domain import limits
from leads.domain.body.parse import JSON, NDJSON, unpacked
from leads.domain.credentials.signatures import verify
from leads.domain.intake.receive import receive
from leads.models import ApiKey


class LengthMissing(Refused):
    """Sent in chunks, whose end nobody has announced."""

    code = "length_missing"
    http_status = status.HTTP_411_LENGTH_REQUIRED
    message = "Say how long the body is (Content-Length): it may not come in chunks."


class RawBody(BaseParser):
    """Leaves the body alone: the domain reads it, and keeps it as it was sent."""

    media_type = JSON

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream.read()


class RawLines(RawBody):
    """The same of a body with a lead a line."""

    media_type = NDJSON


class DeliveriesView(APIView):
    """Leads with their actions: one object, a list, an envelope, or one a line."""

    parser_classes = [RawBody, RawLines]

    @extend_schema(
        operation_id="deliver",
        tags=["Leads in"],
        summary="Deliver leads",
        description="One lead, a list of leads, an envelope around a list, or one lead a line (NDJSON); gzip if you like. "
        "Send again when unsure: nothing counts twice. The answer comes after everything is stored; what cannot be "
        "stored as data waits in quarantine, and the answer says why.",
        parameters=[
            IDEMPOTENCY_KEY,
            OpenApiParameter("Content-Encoding", str, OpenApiParameter.HEADER, enum=["gzip", "identity"]),
        ],
        request=DELIVERY,
        responses={
            (202, JSON): OpenApiResponse(ReceiptSerializer, "Everything is stored", [RECEIPT_EXAMPLE]),
            **problems(400, 401, 406, 409, 411, 413, 415, 429, 503),
        },
        examples=DELIVERY_EXAMPLES,
    )
    def post(self, request: Request) -> HttpResponse:
        key = cast("ApiKey", request.auth)  # nobody gets here without one
        at = now()
        body = unpacked(_sent(request), request.headers.get("Content-Encoding", ""))
        webhook_id = verify(key.source, headers=request.headers, body=body, at=at)
        idempotency_key = request.headers.get("Idempotency-Key")
        receipt = receive(
            key.source,
            body=body,
            content_type=request.content_type or JSON,
            received_at=at,
            # A signed message's id is the name of the message.
            idempotency_key=webhook_id or None if idempotency_key is None else idempotency_key,
        )
        response = HttpResponse(receipt.as_bytes, content_type=JSON, status=status.HTTP_202_ACCEPTED)
        response["Location"] = reverse("receipt", args=[receipt.delivery_id])
        if receipt.is_repeated:
            response["Idempotent-Replayed"] = "true"
        return response


def _sent(request: Request) -> bytes:
    """The body as it was sent, perhaps packed; refused unread where it is too long."""
    length = request.META.get("CONTENT_LENGTH")
    if length is None:
        raise LengthMissing
    if length.isdecimal() and int(length) > limits.BYTES:
        raise limits.TooLarge
    body: object = request.data
    return body if isinstance(body, bytes) else b""  # an empty body is not handed to the parser
