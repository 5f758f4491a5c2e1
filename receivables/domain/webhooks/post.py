"""Hand one delivery to a receiver: signed, to a vetted address, within a bounded time; redirects are failures."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from billing_engine.core.outgoing.exchange import Answer, exchange
from receivables.models import WebhookDelivery
from receivables.models.webhook import MAX_ANSWER

MOST_BYTES = 4_096  # that are read of an answer


def body_of(delivery: WebhookDelivery) -> bytes:
    """The body, serialized once: these bytes are signed, and these bytes are sent."""
    event, data = delivery.event, dict[str, Any]()
    if delivery.customer:
        data = {"customer": delivery.customer.code, "sequence": delivery.number}
    told = {"type": event.kind, "timestamp": _iso(event.occurred_at), "data": data | event.data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def uid_of(delivery: WebhookDelivery) -> str:
    """The ID of the message, the same for every attempt and every endpoint."""
    return f"evt_{delivery.event.uid.hex}"


def headers_of(delivery: WebhookDelivery, body: bytes, secrets: Sequence[str], *, at: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks, with a signature for each secret."""
    uid, signed_at = uid_of(delivery), at.astimezone(UTC).replace(microsecond=0)  # the library knows UTC only
    return {
        "content-type": "application/json",
        "webhook-id": uid,
        "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": " ".join(Webhook(each).sign(uid, signed_at, body.decode()) for each in secrets),
    }


def post(url: str, body: bytes, headers: dict[str, str], *, at: datetime) -> Answer:
    """Send it once; every failure is an answer."""
    return exchange("POST", url, headers, body=body, most_bytes=MOST_BYTES, at=at)


def text_of(answer: Answer) -> str:
    """The start of an answer, as the log keeps it."""
    return answer.body.decode(errors="replace").replace("\x00", "\ufffd")[:MAX_ANSWER]


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
