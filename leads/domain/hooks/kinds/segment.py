"""Segment and what sends in its form: one `track` event per call."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from leads.domain.hooks.kinds.call import Call, need_signature
from leads.domain.hooks.kinds.kind import Kind, as_code, text_of

SIGNATURE = "X-Signature"


class Segment(Kind):
    """A body is one call of Segment's API; its messageId is the same on each attempt."""

    secret_label = "Shared secret"  # noqa: S105 -- a label
    steps = (
        "In Segment, add the destination Webhooks and choose the source of the events.",
        "Paste the address as Webhook URL and the secret as Shared Secret.",
        "Send Track events only, then turn the destination on.",
    )

    def verify(self, call: Call, secrets: Sequence[str]) -> None:
        given = call.header(SIGNATURE)
        expected = [hmac.new(secret.encode(), call.body, hashlib.sha1).hexdigest() for secret in secrets]
        need_signature(given, expected, header=SIGNATURE)

    def facts(self, record: Any) -> dict[str, Any]:
        """Return the name of the event as a code."""
        return {"type": as_code(text_of(record, "event"))}

    def event_id(self, content: Any, call: Call) -> str:
        return text_of(content, "messageId")
