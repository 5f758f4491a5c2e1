"""What anyone may fetch to check a proof: the list of keys and the program, at a well-known address.

They come from here and not only with the bundle: someone who changes a bundle could change its program too.
"""

import json

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from billing_engine.core.access.pages import ANYONE, needs
from invoices.domain.proof.keys import published
from invoices.domain.proof.published import program


@needs(ANYONE)
@require_safe
def proof_keys(_: HttpRequest) -> HttpResponse:
    """Return the keys that proofs are signed with, each with the time it was valid in."""
    return _public(json.dumps(published(), indent=1).encode() + b"\n", "application/json")


@needs(ANYONE)
@require_safe
def proof_program(_: HttpRequest) -> HttpResponse:
    """Return verify.py."""
    return _public(program(), "text/x-python; charset=utf-8")


def _public(content: bytes, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Cache-Control"] = "public, max-age=300"
    response["Access-Control-Allow-Origin"] = "*"
    return response
