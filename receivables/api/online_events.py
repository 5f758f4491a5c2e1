"""The address to which Stripe sends its events."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing_engine.core.access.pages import ANYONE, needs
from billing_engine.core.errors import Refused
from receivables.domain.online.events import receive
from receivables.domain.online.provider import ProviderUnavailable, is_on

MOST_BYTES = 1_000_000
PLAIN = "text/plain; charset=utf-8"


@needs(ANYONE)  # what is signed by Stripe is let in, and nothing else
@csrf_exempt
@require_POST
def events(request: HttpRequest) -> HttpResponse:
    """Take one event. 200: we have it. 400: it is none of Stripe's. 503: send it again."""
    if not is_on():
        raise Http404
    if int(request.headers.get("Content-Length") or 0) > MOST_BYTES:
        return HttpResponse("Too large.", status=400, content_type=PLAIN)
    try:
        receive(request.body, request.headers.get("Stripe-Signature", ""), at=now())
    except ProviderUnavailable as refusal:
        return HttpResponse(str(refusal), status=503, content_type=PLAIN)
    except Refused as refusal:
        return HttpResponse(str(refusal), status=400, content_type=PLAIN)
    return HttpResponse("Received.", content_type=PLAIN)
