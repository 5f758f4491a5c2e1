"""The refusals of each address, with examples, for the API schema."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from billing_engine.core.api.problems import PROBLEM_JSON, problem_body


class ProblemSerializer(serializers.Serializer[Any]):
    """Why a request was refused as a whole (RFC 9457)."""

    type = serializers.CharField(help_text="A URN that ends with the code.")
    title = serializers.CharField(help_text="The status in words.")
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="For programs; stable.")
    detail = serializers.CharField(help_text="For people; may change.")
    pointer = serializers.CharField(
        required=False, help_text="JSON pointer to the position in the body, if there is a single one."
    )


PROBLEMS = {
    400: ("The request can't be read", "body_not_readable", "This is not JSON: Input data was truncated"),
    401: (
        "Missing or invalid key",
        "key_not_valid",
        "This API key is unknown, revoked, or its source is inactive.",
    ),
    403: ("Not allowed", "permission_denied", "You do not have permission to perform this action."),
    404: ("Not found for this source", "not_found", "Not found."),
    405: ("Method not allowed", "method_not_allowed", 'Method "PUT" not allowed.'),
    406: ("Not an available format", "not_acceptable", "Could not satisfy the request Accept header."),
    409: (
        "Key already used with another body",
        "idempotency_key_reused",
        "This Idempotency-Key was already used with a different body. Use a new key for each body.",
    ),
    411: ("Content-Length missing", "length_missing", "Say how long the body is (Content-Length)."),
    413: ("Request too large", "too_many_items", "A delivery has at most 5,000 leads, this one 6,200: …"),
    415: ("Neither JSON nor NDJSON", "unsupported_media_type", 'Unsupported media type "text/xml" in request.'),
    422: (
        "What was sent has faults, each with its field",
        "body_has_faults",
        "reason: This field is required.",
    ),
    429: ("Too many requests", "throttled", "Request was throttled. Expected available in 5 seconds."),
    503: ("Busy, or the database is unavailable", "busy", "This took too long, … Nothing was stored: send it again."),
}


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """The refusals of an address, each with an example."""
    return {(status, PROBLEM_JSON): _problem(status) for status in statuses}


def _problem(status: int) -> OpenApiResponse:
    name, code, detail = PROBLEMS[status]
    value = problem_body(status, code, detail)
    return OpenApiResponse(ProblemSerializer, name, [OpenApiExample(name, value, media_type=PROBLEM_JSON)])
