"""What the API answers: the shapes, for its document and for its page."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from billing_engine.core.api.problems import PROBLEM_JSON
from leads.domain.early_actions import BEFORE_ITS_LEAD
from leads.models import QuarantinedItem
from leads.models.delivery import OUTCOMES


class ProblemSerializer(serializers.Serializer[Any]):
    """Why a request was refused as a whole (RFC 9457)."""

    type = serializers.CharField(help_text="A URN that ends with the code.")
    title = serializers.CharField(help_text="The status in words.")
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="For programs: it stays the same.")
    detail = serializers.CharField(help_text="For people: it may change.")
    pointer = serializers.CharField(required=False, help_text="Where in the body (JSON pointer), if it is one place.")


class CountsSerializer(serializers.Serializer[Any]):
    """received = created + updated + duplicate + conflict + quarantined + test, for leads and for actions."""

    leads_received = serializers.IntegerField()
    leads_created = serializers.IntegerField()
    leads_updated = serializers.IntegerField(help_text="Known leads that got something new.")
    leads_duplicate = serializers.IntegerField()
    leads_conflict = serializers.IntegerField()
    leads_quarantined = serializers.IntegerField()
    leads_test = serializers.IntegerField(help_text="Stored as tests.")
    actions_received = serializers.IntegerField()
    actions_created = serializers.IntegerField()
    actions_updated = serializers.IntegerField(help_text="Known actions that were voided.")
    actions_duplicate = serializers.IntegerField()
    actions_conflict = serializers.IntegerField()
    actions_quarantined = serializers.IntegerField()
    actions_test = serializers.IntegerField(help_text="Stored as tests, never charged.")


class SettledSerializer(serializers.Serializer[Any]):
    """What has become of a quarantined item since."""

    state = serializers.ChoiceField(QuarantinedItem.State.values)
    settled_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField(allow_blank=True, help_text="Why it was discarded.")


class ItemResultSerializer(serializers.Serializer[Any]):
    """What became of one item."""

    id = serializers.CharField(allow_null=True)
    outcome = serializers.ChoiceField(OUTCOMES)
    code = serializers.CharField(required=False, help_text="Why it is in quarantine, for programs.")
    pointer = serializers.CharField(required=False, help_text="Where in the body (JSON pointer; `/17` is line 17).")
    message = serializers.CharField(required=False, help_text="Why, for people.")
    quarantined_item = serializers.IntegerField(required=False, help_text="The number under which it waits.")
    flags = serializers.ListField(
        child=serializers.ChoiceField([BEFORE_ITS_LEAD]),
        required=False,
        help_text="What is odd about a stored action: it occurred before its lead.",
    )


class LeadResultSerializer(ItemResultSerializer):
    """What became of a lead and of each of its actions."""

    actions = ItemResultSerializer(many=True, required=False)


class ReceiptSerializer(serializers.Serializer[Any]):
    """One result per lead and per action, in the order sent."""

    receipt = serializers.IntegerField(help_text="The receipt's number, for `GET /api/v1/receipts/{receipt}`.")
    counts = CountsSerializer()
    results = LeadResultSerializer(many=True)


class ItemResultAgainSerializer(ItemResultSerializer):
    """What became of one item, and of its quarantine since."""

    settled = SettledSerializer(required=False)


class LeadResultAgainSerializer(ItemResultAgainSerializer):
    """The same of a lead and of each of its actions."""

    actions = ItemResultAgainSerializer(many=True, required=False)


class ReceiptAgainSerializer(serializers.Serializer[Any]):
    """A receipt as it was answered, with what was settled since."""

    receipt = serializers.IntegerField()
    received_at = serializers.DateTimeField()
    batch_id = serializers.CharField(allow_blank=True)
    sent_at = serializers.DateTimeField(allow_null=True)
    counts = CountsSerializer()
    results = LeadResultAgainSerializer(many=True)


class LimitsSerializer(serializers.Serializer[Any]):
    """How much one delivery may hold."""

    body_bytes = serializers.IntegerField(help_text="Of a body, packed and unpacked; more: 413.")
    leads_per_delivery = serializers.IntegerField(help_text="More: 413.")
    actions_per_delivery = serializers.IntegerField(help_text="More: 413.")
    values_per_delivery = serializers.IntegerField(help_text="Commas, [ and { in the body; more: 413.")
    actions_per_lead = serializers.IntegerField(help_text="More: the lead waits in quarantine.")
    attributes_bytes = serializers.IntegerField(
        help_text="Of `attributes`, and of `consent`, as JSON; more: quarantine."
    )
    nesting_depth = serializers.IntegerField(help_text="Of an item's objects and lists; more: quarantine.")
    waiting_seconds = serializers.IntegerField(help_text="For another request that stores the same; longer: 503.")
    step_seconds = serializers.IntegerField(help_text="Of any one step of storing; longer: 503.")
    largest_quantity = serializers.IntegerField(
        help_text="Of an action, unless its type has another limit; more: quarantine."
    )
    largest_value = serializers.IntegerField(help_text="The same, in its currency.")


PROBLEMS = {
    400: ("The request can't be read", "body_not_readable", "This is not JSON: Input data was truncated"),
    401: (
        "No key, or none that is valid",
        "key_not_valid",
        "This API key is unknown, revoked, or its source is inactive.",
    ),
    403: ("Not for you", "permission_denied", "You do not have permission to perform this action."),
    404: ("Nothing of this source", "not_found", "Not found."),
    405: ("Another method", "method_not_allowed", 'Method "PUT" not allowed.'),
    406: ("The answer is JSON", "not_acceptable", "Could not satisfy the request Accept header."),
    409: (
        "The key belongs to another body",
        "idempotency_key_reused",
        "This Idempotency-Key came before with another body: use a new key for a new body.",
    ),
    411: ("The length is not announced", "length_missing", "Say how long the body is (Content-Length)."),
    413: ("Too much for one request", "too_many_items", "A delivery has at most 5,000 leads, this one 6,200: …"),
    415: ("Neither JSON nor NDJSON", "unsupported_media_type", 'Unsupported media type "text/xml" in request.'),
    429: ("Too many requests", "throttled", "Request was throttled. Expected available in 5 seconds."),
    503: ("Too busy, or the database is away", "busy", "This took too long, … Nothing was stored: send it again."),
}
TITLES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
    409: "Conflict", 411: "Length Required", 413: "Request Entity Too Large", 415: "Unsupported Media Type",
    429: "Too Many Requests", 503: "Service Unavailable",
}  # fmt: skip


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """The refusals of an address, each with an example."""
    return {(status, PROBLEM_JSON): _problem(status) for status in statuses}


def _problem(status: int) -> OpenApiResponse:
    name, code, detail = PROBLEMS[status]
    value = {
        "type": f"urn:lead-billing:problem:{code}",
        "title": TITLES[status],
        "status": status,
        "code": code,
        "detail": detail,
    }
    return OpenApiResponse(ProblemSerializer, name, [OpenApiExample(name, value, media_type=PROBLEM_JSON)])
