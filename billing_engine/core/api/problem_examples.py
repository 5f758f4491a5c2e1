"""The refusals that an address may answer with, each with an example, for the API's document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from billing_engine.core.api.problems import PROBLEM_JSON, problem_body


class ProblemSerializer(serializers.Serializer[Any]):
    """Why a request was refused as a whole (RFC 9457)."""

    type = serializers.CharField(help_text="A URN that ends with the code.")
    title = serializers.CharField(help_text="The status in words.")
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="For programs: it stays the same.")
    detail = serializers.CharField(help_text="For people: it may change.")
    pointer = serializers.CharField(required=False, help_text="Where in the body (JSON pointer), if it is one place.")


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
        "This Idempotency-Key was already used with a different body. Use a new key for each body.",
    ),
    411: ("The length is not announced", "length_missing", "Say how long the body is (Content-Length)."),
    413: ("Too much for one request", "too_many_items", "A delivery has at most 5,000 leads, this one 6,200: …"),
    415: ("Neither JSON nor NDJSON", "unsupported_media_type", 'Unsupported media type "text/xml" in request.'),
    429: ("Too many requests", "throttled", "Request was throttled. Expected available in 5 seconds."),
    503: ("Too busy, or the database is away", "busy", "This took too long, … Nothing was stored: send it again."),
}


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """The refusals of an address, each with an example."""
    return {(status, PROBLEM_JSON): _problem(status) for status in statuses}


def _problem(status: int) -> OpenApiResponse:
    name, code, detail = PROBLEMS[status]
    value = problem_body(status, code, detail)
    return OpenApiResponse(ProblemSerializer, name, [OpenApiExample(name, value, media_type=PROBLEM_JSON)])
