"""The OpenAPI document: made once per process and format, and sent only to those who don't have it yet."""

import hashlib
from functools import lru_cache
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request


@extend_schema(exclude=True)
class SchemaView(SpectacularAPIView):
    """Sends the document; it depends on the code alone, so it changes only with the process."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        kind: Any = type(request.accepted_renderer)
        body, etag = _made(kind)
        headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept"}
        response = HttpResponse(body, content_type=f"{request.accepted_media_type}; charset=utf-8", headers=headers)
        asked = cast("HttpRequest", request)  # which passes on every attribute
        return get_conditional_response(asked, etag=etag, response=response) or response


@lru_cache(maxsize=8)
def _made(renderer: Any) -> tuple[bytes, str]:
    generator: Any = SchemaGenerator  # which has no types
    body: bytes = renderer().render(generator().get_schema(request=None, public=True), renderer_context={})
    return body, quote_etag(hashlib.sha256(body).hexdigest())
