"""Webhooks as their senders sign and send them."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.test import Client
from standardwebhooks import Webhook

from leads.domain.hooks.addresses import create_hook
from leads.models import Hook, Source
from tests.shared import WEBHOOKS

AT = datetime(2026, 10, 31, 12, tzinfo=UTC)
SECRET = "a secret of the sender"
STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WRONG = {Hook.Kind.STANDARD: "whsec_" + b64encode(b"w" * 24).decode()}
Kind = Hook.Kind


def sample(name: str) -> bytes:
    """Return the bytes of a sample that lies next to the checkout."""
    return (WEBHOOKS / name).read_bytes()


def mac(secret: str, signed: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.new(secret.encode(), signed, algorithm).digest()


def of_meta(body: bytes, secret: str, uri: str, at: datetime) -> dict[str, str]:
    return {"X-Hub-Signature-256": f"sha256={mac(secret, body).hex()}"}


def of_linkedin(body: bytes, secret: str, uri: str, at: datetime) -> dict[str, str]:
    return {"X-LI-Signature": mac(secret, b"hmacsha256=" + body).hex()}


def of_hubspot(body: bytes, secret: str, uri: str, at: datetime) -> dict[str, str]:
    timestamp = str(int(at.timestamp() * 1000))
    signed = b"POST" + uri.encode() + body + timestamp.encode()
    return {
        "X-HubSpot-Signature-v3": b64encode(mac(secret, signed)).decode(),
        "X-HubSpot-Request-Timestamp": timestamp,
    }


def of_typeform(body: bytes, secret: str, uri: str, at: datetime) -> dict[str, str]:
    return {"Typeform-Signature": f"sha256={b64encode(mac(secret, body)).decode()}"}


def of_segment(body: bytes, secret: str, uri: str, at: datetime) -> dict[str, str]:
    return {"X-Signature": mac(secret, body, "sha1").hex()}


def of_standard(body: bytes, secret: str, uri: str, at: datetime) -> dict[str, str]:
    number = f"msg_{hashlib.sha256(body).hexdigest()[:12]}"
    return {
        "webhook-id": number,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(number, at, body.decode()),
    }


def of_google(body: bytes, secret: str, uri: str, at: datetime) -> dict[str, str]:
    return {}  # its key is in the body


SIGNED: dict[Hook.Kind, Callable[[bytes, str, str, datetime], dict[str, str]]] = {
    Kind.META: of_meta,
    Kind.GOOGLE: of_google,
    Kind.LINKEDIN: of_linkedin,
    Kind.HUBSPOT: of_hubspot,
    Kind.TYPEFORM: of_typeform,
    Kind.SEGMENT: of_segment,
    Kind.STANDARD: of_standard,
}


def secret_of(kind: Hook.Kind) -> str:
    return STANDARD_SECRET if kind == Kind.STANDARD else SECRET


@dataclass
class Sender:
    """A sender of one kind with its webhook."""

    source: Source
    kind: Hook.Kind
    client: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        self.secret = secret_of(self.kind)
        self.hook, self.token, _ = create_hook(self.source, kind=self.kind, given=self.secret, by=None)
        self.path = f"/api/v1/hooks/{self.source.code}/{self.token}"

    def signed(self, body: bytes, *, secret: str = "", at: datetime = AT) -> dict[str, str]:
        uri = f"http://testserver{self.path}"
        return SIGNED[self.kind](body, secret or self.secret, uri, at)

    def keyed(self, content: Any, key: str = "") -> bytes:
        """Encode a body, with the key of Google in it if this is Google."""
        if self.kind == Kind.GOOGLE and isinstance(content, dict):
            content = content | {"google_key": key or self.secret}
        return json.dumps(content).encode()

    def send(self, body: bytes, *, headers: dict[str, str] | None = None, **more: Any) -> Any:
        """Post a body, signed unless other headers are given."""
        headers = self.signed(body) if headers is None else headers
        return self.client.post(self.path, data=body, headers=headers, **{"content_type": "application/json"} | more)


TYPEFORM: dict[str, Any] = {
    "event_id": "01JTYPE0001",
    "event_type": "form_response",
    "form_response": {
        "form_id": "lT4Z3j",
        "token": "tok-1",
        "landed_at": "2026-10-31T11:58:00Z",
        "submitted_at": "2026-10-31T11:59:00Z",
        "hidden": {"utm_campaign": "Spring surfaces"},
        "definition": {"id": "lT4Z3j", "title": "Samples", "fields": []},
        "answers": [
            {"type": "text", "text": "Ada Architect", "field": {"id": "n1", "type": "short_text", "ref": "name"}},
            {"type": "email", "email": "ada@studio.example", "field": {"id": "e1", "type": "email", "ref": "mail"}},
            {"type": "phone_number", "phone_number": "+12127365000", "field": {"id": "p", "type": "phone_number"}},
        ],
    },
}
SEGMENT: dict[str, Any] = {
    "type": "track",
    "event": "Sample Ordered",
    "messageId": "ajs-next-0001",
    "anonymousId": "anon-1",
    "userId": None,
    "timestamp": "2026-10-31T11:59:00.123Z",
    "context": {"campaign": {"name": "Spring"}, "traits": {"email": "ada@studio.example"}},
    "properties": {"sku": "TZ-101", "quantity": 3, "value": 12.5},
}
STANDARD: dict[str, Any] = {
    "type": "sample.ordered",
    "timestamp": "2026-10-31T11:59:00Z",
    "data": {"lead_id": "L-7", "sku": "TZ-101", "email": "ada@studio.example", "quantity": 2},
}
LINKEDIN: dict[str, Any] = {
    "type": "LEAD_ACTION",
    "leadGenFormResponse": "urn:li:leadGenFormResponse:0001-2",
    "leadGenForm": "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:3162,1)",
    "owner": {"sponsoredAccount": "urn:li:sponsoredAccount:522529623"},
    "leadType": "SPONSORED",
    "leadAction": "CREATED",
    "occurredAt": 1793447940000,
}
GOOGLE: dict[str, Any] = {
    "lead_id": "G-1",
    "user_column_data": [
        {"column_id": "FULL_NAME", "string_value": "Jane Doe"},
        {"column_id": "EMAIL", "string_value": "jane.doe@example.com"},
        {"column_id": "PHONE_NUMBER", "string_value": "+18005550123"},
    ],
    "api_version": "1.0",
    "form_id": 12345678901,
    "campaign_id": 12345678,
    "gcl_id": "click-1",
    "lead_submit_time": "2026-10-31T11:59:00Z",
}
META: dict[str, Any] = {
    "object": "page",
    "entry": [
        {
            "id": "138",
            "time": 1793447941,
            "changes": [
                {
                    "field": "leadgen",
                    "value": {"form_id": "172", "leadgen_id": "233", "created_time": 1793447940, "page_id": "138"},
                }
            ],
        }
    ],
}
HUBSPOT: list[dict[str, Any]] = [
    {
        "eventId": 2, "subscriptionId": 12346, "portalId": 62515, "appId": 5, "occurredAt": 1793447950000,
        "subscriptionType": "contact.propertyChange", "attemptNumber": 0, "objectId": 123,
        "propertyName": "lifecyclestage", "propertyValue": "marketingqualifiedlead", "changeSource": "CRM",
    },
    {
        "eventId": 1, "subscriptionId": 12345, "portalId": 62515, "appId": 5, "occurredAt": 1793447940000,
        "subscriptionType": "contact.creation", "attemptNumber": 0, "objectId": 123, "changeSource": "CRM",
        "changeFlag": "NEW",
    },
]  # fmt: skip
# One body of each kind whose leads are stored as they are.
BODIES: dict[Hook.Kind, Any] = {
    Kind.META: META,
    Kind.GOOGLE: GOOGLE,
    Kind.LINKEDIN: LINKEDIN,
    Kind.HUBSPOT: HUBSPOT,
    Kind.TYPEFORM: TYPEFORM,
    Kind.SEGMENT: SEGMENT,
    Kind.STANDARD: STANDARD,
}
