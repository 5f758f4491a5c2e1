"""HubSpot: batches of events, in any order, signed over method, address, body and time (signature v3)."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from leads.domain.body.parcel import Placed
from leads.domain.hooks.kinds.call import Call, need_fresh, need_signature
from leads.domain.hooks.kinds.kind import Answer, Kind, as_code, text_of

SIGNATURE, TIMESTAMP = "X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp"
MILLISECONDS = 1000
# HubSpot decodes these in the address before it signs it, and no others.
DECODED = {f"%{ord(sign):02X}": sign for sign in ":/?@!$'()*,;"}
# An eventId alone is not unique; these are the same on every attempt.
SAME_ON_EACH_ATTEMPT = ("portalId", "subscriptionId", "eventId", "objectId", "occurredAt")
OF_THE_ATTEMPT = "attemptNumber"


class HubSpot(Kind):
    """A body is a list of up to 100 events; a retried event differs in its attempt number alone."""

    secret_label = "Client secret"  # noqa: S105 -- a label
    creates_secret = False
    steps = (
        "In HubSpot, open your app, then Auth, and copy the client secret.",
        "Under Webhooks, paste the address as Target URL.",
        "Create the subscriptions, such as contact.creation, and activate them.",
    )

    def verify(self, call: Call, secrets: Sequence[str]) -> None:
        given, timestamp = call.header(SIGNATURE), call.header(TIMESTAMP)
        need_fresh(timestamp, at=call.at, header=TIMESTAMP, per_second=MILLISECONDS)
        signed = call.method.encode() + address(call.uri).encode() + call.body + timestamp.encode()
        expected = [
            b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode() for secret in secrets
        ]
        need_signature(given, expected, header=SIGNATURE)

    def records(self, content: Any, call: Call) -> list[Placed]:
        """Return the events in the order in which they occurred, without the number of the attempt."""
        if not isinstance(content, list):
            return [Placed("", content)]
        placed = [
            Placed(
                f"/{place}",
                {name: part for name, part in event.items() if name != OF_THE_ATTEMPT}
                if isinstance(event, dict)
                else event,
            )
            for place, event in enumerate(content)
        ]
        return sorted(placed, key=lambda each: _occurred(each.item))

    def record_id(self, record: Any, call: Call) -> str:
        parts = [text_of(record, name) for name in SAME_ON_EACH_ATTEMPT]
        return "-".join(parts) if all(parts) else ""

    def facts(self, record: Any) -> dict[str, Any]:
        """Return the type as a code, and an ID of the object: contacts and deals number theirs apart."""
        kind, object_id = text_of(record, "subscriptionType"), text_of(record, "objectId")
        of = text_of(record, "objectTypeId") or kind.partition(".")[0]
        return {"type": as_code(kind), "lead": f"{of}-{object_id}" if of and object_id else ""}

    def answer(self) -> Answer:
        return Answer(204)


def address(uri: str) -> str:
    """Return the address as HubSpot signs it."""
    for encoded, sign in DECODED.items():
        uri = uri.replace(encoded, sign).replace(encoded.lower(), sign)
    return uri.partition("#")[0]


def _occurred(event: Any) -> int:
    digits = text_of(event, "occurredAt")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 20 else 0
