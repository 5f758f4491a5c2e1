"""The door leads come in by."""

from typing import Any, cast

from django.utils.timezone import now
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing_engine.core.errors import Refused
from leads.domain.intake import receive
from leads.domain.signature import verify
from leads.models import ApiKey

BYTES_AT_MOST = 5 * 1024 * 1024


class TooLarge(Refused):
    """More than one request may hold."""

    code = "too_large"
    http_status = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    message = f"A delivery has at most {BYTES_AT_MOST:,} bytes: send it in parts."


class LengthMissing(Refused):
    """Sent in chunks, whose end nobody has announced."""

    code = "length_missing"
    http_status = status.HTTP_411_LENGTH_REQUIRED
    message = "Say how long the body is (Content-Length): it may not come in chunks."


class RawBody(BaseParser):
    """Leaves the body alone: the domain reads it, and keeps it as it was sent."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream.read()


class CountsSerializer(serializers.Serializer[Any]):
    """Received = created (+ updated) + duplicate + quarantined, for leads and for actions."""

    leads_received = serializers.IntegerField()
    leads_created = serializers.IntegerField()
    leads_updated = serializers.IntegerField()
    leads_duplicate = serializers.IntegerField()
    leads_quarantined = serializers.IntegerField()
    actions_received = serializers.IntegerField()
    actions_created = serializers.IntegerField()
    actions_duplicate = serializers.IntegerField()
    actions_quarantined = serializers.IntegerField()


class ItemResultSerializer(serializers.Serializer[Any]):
    """What became of one item."""

    id = serializers.CharField(allow_null=True)
    outcome = serializers.ChoiceField(["created", "updated", "duplicate", "conflict", "quarantined"])
    code = serializers.CharField(required=False, help_text="Why it is in quarantine, for programs.")
    pointer = serializers.CharField(required=False, help_text="Where in the body (JSON pointer).")
    message = serializers.CharField(required=False, help_text="Why, for people.")


class LeadResultSerializer(ItemResultSerializer):
    """What became of a lead and of each of its actions."""

    actions = ItemResultSerializer(many=True, required=False)


class ReceiptSerializer(serializers.Serializer[Any]):
    """One result per lead and per action, in the order sent."""

    delivery = serializers.IntegerField()
    counts = CountsSerializer()
    results = LeadResultSerializer(many=True)


LEAD = {
    "id": "L-88231",
    "product": {"sku": "TILE-9", "customer": "TERRAZZA"},
    "contact": {"name": "A. Architect", "email": "a@studio.example", "firm": "Studio", "country": "US"},
    "campaign": "Spring terrazzo",
    "actions": [
        {"id": "A-1", "type": "sample_order", "occurred_at": "2026-10-31T17:41:09-05:00", "quantity": 3},
        {"id": "A-2", "type": "page_view", "occurred_at": "2026-10-31T17:40:31-05:00"},
    ],
}


class DeliveriesView(APIView):
    """Leads with their actions, one object or a list."""

    parser_classes = [RawBody]

    @extend_schema(
        operation_id="deliver",
        summary="Deliver leads",
        description="One lead object or a list of them. Send again when unsure: nothing counts twice. The answer comes "
        "after everything is stored; what cannot be stored as data waits in quarantine, and the answer says why.",
        request={"application/json": {"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]}},
        responses={202: ReceiptSerializer},
        examples=[OpenApiExample("A lead with two actions", value=LEAD, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        if "CONTENT_LENGTH" not in request.META:
            raise LengthMissing
        if int(request.META["CONTENT_LENGTH"] or 0) > BYTES_AT_MOST:
            raise TooLarge
        body: object = request.data
        if not isinstance(body, bytes):  # an empty body is not handed to the parser
            body = b""
        key = cast("ApiKey", request.auth)  # nobody gets here without one
        verify(key.source, headers=request.headers, body=body, at=now())
        receipt = receive(
            key.source,
            body=body,
            content_type=request.content_type or "application/json",
            received_at=now(),
        )
        return Response(receipt.as_json(), status=status.HTTP_202_ACCEPTED)
