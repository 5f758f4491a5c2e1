"""Typeform: one response to a form, signed with the secret of its webhook."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from leads.domain.hooks.kinds.call import Call, need_signature
from leads.domain.hooks.kinds.kind import Kind, text_of

SIGNATURE = "Typeform-Signature"


class Typeform(Kind):
    """A body is one response with the definition of its form."""

    secret_label = "Secret"  # noqa: S105 -- a label
    steps = (
        "In Typeform, open the form, then Connect, then Webhooks, and add a webhook.",
        "Paste the address as Endpoint, then edit the webhook and paste the secret as Secret.",
        "Turn the webhook on.",
    )

    def verify(self, call: Call, secrets: Sequence[str]) -> None:
        given = call.header(SIGNATURE)
        digests = [hmac.new(secret.encode(), call.body, hashlib.sha256).digest() for secret in secrets]
        need_signature(given, [f"sha256={b64encode(each).decode()}" for each in digests], header=SIGNATURE)

    def event_id(self, content: Any, call: Call) -> str:
        return text_of(content, "event_id")
