"""`POST /api/v1/deliveries`: sources deliver leads."""

from functools import cache
from typing import Any, cast

from django.http import HttpResponse
from django.urls import reverse
from django.utils.timezone import now
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.views import APIView

from billing_engine.core.api.problem_examples import problems
from billing_engine.core.errors import Refused
from leads.api.openapi import DELIVERY, DELIVERY_EXAMPLES, IDEMPOTENCY_KEY, RECEIPT_EXAMPLE
from leads.api.serializers import ReceiptSerializer
from leads.domain import limits
from leads.domain.body.parse import JSON, NDJSON, unpacked
from leads.domain.credentials.signatures import verify
from leads.domain.intake.receive import receive
from leads.domain.mapping.active import read_records
from leads.models import ApiKey


class LengthMissing(Refused):
    """The body was sent in chunks, without a Content-Length."""

    code = "length_missing"
    http_status = status.HTTP_411_LENGTH_REQUIRED
    message = "Send a Content-Length header. Chunked bodies are not supported."


class RawBody(BaseParser):
    """Passes the body on unparsed, because the domain parses it and keeps it as sent."""

    media_type = JSON

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream.read()


class RawLines(RawBody):
    """The same for NDJSON."""

    media_type = NDJSON


class DeliveriesView(APIView):
    """Receives leads with their actions: one object, a list, an envelope, or NDJSON."""

    parser_classes = [RawBody, RawLines]
    for_sources = ApiKey.Scope.SEND.value

    @extend_schema(
        operation_id="deliver",
        tags=["Leads in"],
        summary="Deliver leads",
        description="Send one lead, a list of leads, an envelope around a list, or one lead per line (NDJSON); gzip is optional. "
        "If unsure, send it again: nothing counts twice. The response is sent after everything is stored; items that can't be "
        "stored go to quarantine, and the response says why.",
        parameters=[
            IDEMPOTENCY_KEY,
            OpenApiParameter("Content-Encoding", str, OpenApiParameter.HEADER, enum=["gzip", "identity"]),
        ],
        request=DELIVERY,
        responses={
            (202, JSON): OpenApiResponse(ReceiptSerializer, "Everything is stored", [RECEIPT_EXAMPLE]),
            **problems(400, 401, 403, 406, 409, 411, 413, 415, 429, 503),
        },
        examples=DELIVERY_EXAMPLES,
    )
    def post(self, request: Request) -> HttpResponse:
        key = cast("ApiKey", request.auth)  # required by the authentication
        at = now()
        body = unpacked(_sent(request), request.headers.get("Content-Encoding", ""))
        webhook_id = verify(key.source, headers=request.headers, body=body, at=at)
        idempotency_key = request.headers.get("Idempotency-Key")
        content_type = request.content_type or JSON
        records = read_records(key.source, body=body, content_type=content_type) if key.source.sends_records else None
        receipt = receive(
            key.source,
            body=body,
            content_type=content_type,
            parcel=records,
            received_at=at,
            # The ID of a signed message serves as its idempotency key.
            idempotency_key=webhook_id or None if idempotency_key is None else idempotency_key,
            is_test=key.is_test,
        )
        response = HttpResponse(receipt.as_bytes, content_type=JSON, status=status.HTTP_202_ACCEPTED)
        response["Location"] = f"{_receipts()}{receipt.delivery_id}"
        if receipt.is_repeated:
            response["Idempotent-Replayed"] = "true"
        return response


@cache
def _receipts() -> str:
    """The address of every receipt, without its number."""
    return reverse("receipt", args=[0]).removesuffix("0")


def _sent(request: Request) -> bytes:
    """Return the raw, possibly compressed body; refuse it unread if it is too long."""
    length = request.META.get("CONTENT_LENGTH")
    if length is None:
        raise LengthMissing
    if length.isdecimal() and int(length) > limits.BYTES:
        raise limits.TooLarge
    body: object = request.data
    return body if isinstance(body, bytes) else b""  # DRF doesn't pass an empty body to the parser
