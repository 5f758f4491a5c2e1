"""`/api/v1/hooks/{source}/{token}`: ready-made senders post their webhooks, and check the address before."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.timezone import now
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, Throttled, UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from billing_engine.core.api.problem_examples import problems
from billing_engine.core.errors import Refused
from leads.api.authentication import refuse_guessing
from leads.api.deliveries import LengthMissing
from leads.api.rate_limit import wait_of
from leads.domain.body.parse import JSON, EncodingNotSupported
from leads.domain.hooks.find import HookNotHere, known_hook, refuse_unused
from leads.domain.hooks.kinds.call import Call
from leads.domain.hooks.kinds.kind import Answer
from leads.domain.hooks.refused import count_refusal
from leads.domain.hooks.take import greet, take
from leads.models import Hook

# No sender's webhook comes near; NGINX passes on as much by default.
MOST_BYTES = 1024 * 1024

ADDRESS = [
    OpenApiParameter("source", str, OpenApiParameter.PATH, description="The code of the source."),
    OpenApiParameter("token", str, OpenApiParameter.PATH, description="The secret part of the address."),
]


class HookTooLarge(Refused):
    """More bytes than any sender's webhook has."""

    code = "hook_too_large"
    http_status = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    message = f"A webhook has at most {MOST_BYTES:,} bytes."


class AnyBody(BaseParser):
    """Passes any body on as it was sent, because it is verified by its bytes."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream.read()


class HooksView(APIView):
    """Takes the webhooks of one kind of sender for one source; the token in the address stands for the API key."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = [AnyBody]

    @extend_schema(
        operation_id="hook",
        tags=["Leads in"],
        summary="Take a webhook of a ready-made sender",
        description="The address is created in the admin for one kind of sender (Meta, Google, LinkedIn, HubSpot, Typeform, "
        "Segment, Standard Webhooks). The call must be signed the way the sender signs. The response is sent after "
        "everything is stored; what can't be mapped goes to quarantine, and an event that arrives again changes nothing.",
        parameters=ADDRESS,
        request={"application/json": {"description": "What the sender sends."}},
        responses={
            200: OpenApiResponse({"description": "As the sender wants it."}, "Everything is stored"),
            204: OpenApiResponse(None, "Everything is stored, and the sender wants no content"),
            **problems(400, 401, 404, 411, 413, 415, 429, 503),
        },
        auth=[],
    )
    def post(self, request: Request, source: str, token: str) -> HttpResponse:
        return self._answered(request, source, token, take)

    @extend_schema(
        operation_id="hook_challenge",
        tags=["Leads in"],
        summary="Answer a sender's check of the address",
        description="Meta and LinkedIn check an address before they send to it, and LinkedIn every two hours.",
        parameters=ADDRESS,
        responses={
            200: OpenApiResponse({"description": "As the sender wants it."}, "The answer to the challenge"),
            **problems(403, 404, 429, 503),
        },
        auth=[],
    )
    def get(self, request: Request, source: str, token: str) -> HttpResponse:
        return self._answered(request, source, token, greet)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001 -- DRF's
        """Answer whatever the sender says it accepts: a 406 would cost a lead."""
        return super().perform_content_negotiation(request, force=True)

    def _answered(self, request: Request, source: str, token: str, act: Callable[[Hook, Call], Answer]) -> HttpResponse:
        hook, at = known_hook(token), now()
        if hook is None:
            refuse_guessing()
            raise Http404
        if wait := wait_of(hook.source):
            raise Throttled(wait / 1000)
        try:
            refuse_unused(hook, source=source, at=at)
            answer = act(hook, _call(request, token, at))
        except HookNotHere as refusal:
            count_refusal(hook, code=refusal.code, message=str(refusal), at=at)
            raise Http404 from refusal  # the same for all that is not there
        except Refused as refusal:
            count_refusal(hook, code=refusal.code, message=str(refusal), at=at)
            raise
        except APIException as refusal:
            count_refusal(hook, code=str(refusal.get_codes()), message=str(refusal.detail), at=at)
            raise
        return HttpResponse(answer.content, content_type=answer.content_type, status=answer.status)


def _call(request: Request, token: str, at: datetime) -> Call:
    """Return what the sender sent; refuse it unread if it is too long, or not JSON by its own account."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise EncodingNotSupported
    body = _body(request) if request.method == "POST" else b""
    return Call(
        method=str(request.method),
        uri=request.build_absolute_uri(),
        token=token,
        headers=request.headers,
        query=request.query_params.dict(),
        body=body,
        at=at,
    )


def _body(request: Request) -> bytes:
    media_type = request.content_type.partition(";")[0].strip().lower()
    if media_type != JSON and not (media_type.startswith("application/") and media_type.endswith("+json")):
        raise UnsupportedMediaType(media_type)
    length = request.META.get("CONTENT_LENGTH")
    if length is None:
        raise LengthMissing
    if length.isdecimal() and int(length) > MOST_BYTES:
        raise HookTooLarge
    body: object = request.data
    return body if isinstance(body, bytes) else b""  # DRF doesn't pass an empty body to the parser
