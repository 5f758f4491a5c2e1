"""The parts of the OpenAPI document that describe deliveries, generated from the intake schema."""

from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from leads.domain import limits
from leads.domain.body.parse import JSON, NDJSON, Envelope
from leads.domain.intake.idempotency import KEY_CHARACTERS
from leads.domain.intake.schema import AMOUNT, ActionItem, LeadItem, VoidItem
from leads.models import Channel

COMPONENTS = "#/components/schemas/"
LEAD_REF = {"$ref": f"{COMPONENTS}LeadItem"}
FORMS = (LeadItem, ActionItem, VoidItem, Envelope)

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": KEY_CHARACTERS, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description="Your own unique name for this request. Repeating it returns the first response again, with the header "
    "`Idempotent-Replayed: true`; the same key with a different body is refused (409). Keys are kept forever.",
)

DELIVERY: dict[str, Any] = {
    JSON: {
        "oneOf": [
            LEAD_REF,
            {"type": "array", "items": LEAD_REF, "maxItems": limits.LEADS},
            {"$ref": f"{COMPONENTS}Envelope"},
        ]
    },
    NDJSON: {"type": "string", "description": "One lead per line.", "contentMediaType": NDJSON},
}

LEAD = {
    "id": "L-88231",
    "product": {"sku": "TILE-9", "customer": "TERRAZZA"},
    "contact": {"name": "A. Architect", "email": "a@studio.example", "firm": "Studio", "country": "US"},
    "campaign": "Spring terrazzo",
    "consent": {"given": True, "at": "2026-10-31T17:39:50-05:00", "text": "Samples and news by email"},
    "actions": [
        {"id": "A-1", "type": "sample_order", "occurred_at": "2026-10-31T17:41:09-05:00", "quantity": 3},
        {"id": "A-2", "type": "page_view", "occurred_at": "2026-10-31T17:40:31-05:00"},
    ],
}
LATER = {
    "id": "L-88231",
    "actions": [{"id": "A-3", "type": "quote_request", "occurred_at": "2026-11-02T09:12:00-06:00", "value": "1250.00"}],
}
VOID = {"id": "L-88231", "actions": [{"id": "A-1", "void": {"reason": "Order canceled by the customer"}}]}
ENVELOPE = {"schema_version": 1, "batch_id": "2026-11-02/17", "sent_at": "2026-11-02T15:00:00Z", "leads": [LEAD]}

DELIVERY_EXAMPLES = [
    OpenApiExample("A lead with two actions", value=LEAD, request_only=True, media_type=JSON),
    OpenApiExample("A list of leads", value=[LEAD, LATER], request_only=True, media_type=JSON),
    OpenApiExample("An envelope", value=ENVELOPE, request_only=True, media_type=JSON),
    OpenApiExample("A later action of a lead sent earlier", value=LATER, request_only=True, media_type=JSON),
    OpenApiExample("A voided action", value=VOID, request_only=True, media_type=JSON),
    OpenApiExample(
        "One lead per line",
        value="\n".join(msgspec.json.encode(lead).decode() for lead in (LEAD, LATER)) + "\n",
        request_only=True,
        media_type=NDJSON,
    ),
]

_COUNTS = ("received", "created", "updated", "duplicate", "conflict", "quarantined", "test")
RECEIPT_EXAMPLE = OpenApiExample(
    "One action stored, one refused",
    value={
        "receipt": 1042,
        "counts": {f"leads_{name}": int(name in ("received", "created")) for name in _COUNTS}
        | {"actions_received": 2}
        | {f"actions_{name}": int(name in ("created", "quarantined")) for name in _COUNTS[1:]},
        "results": [
            {
                "id": "L-88231",
                "outcome": "created",
                "actions": [
                    {"id": "A-1", "outcome": "created"},
                    {
                        "id": "A-2",
                        "outcome": "quarantined",
                        "code": "unknown_action_type",
                        "pointer": "/actions/1/type",
                        "message": "No action type has the code 'pageview'.",
                        "quarantined_item": 77,
                    },
                ],
            }
        ],
    },
    response_only=True,
)


def add_forms(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """Add the schemas of the decoder to the document; a hook of drf-spectacular."""
    _references, forms = msgspec.json.schema_components(FORMS, ref_template=COMPONENTS + "{name}")
    found: dict[str, Any] = {name: _exact(form) for name, form in forms.items()}
    found["LeadItem"]["properties"]["channel"]["examples"] = Channel.values
    found["LeadItem"]["properties"]["actions"]["maxItems"] = limits.ACTIONS_A_LEAD
    found["Envelope"]["properties"]["leads"] |= {"items": LEAD_REF, "maxItems": limits.LEADS}
    # The API accepts "1" too, but client generators drop an enum of mixed types.
    found["Envelope"]["properties"]["schema_version"] = {"type": "integer", "enum": [1]}
    result["components"]["schemas"] |= found
    result["paths"]["/api/v1/deliveries"]["post"]["requestBody"]["required"] = True
    return result


def _exact(form: Any) -> Any:
    """Allow numbers for quantities and values, and anything in a free-form object.

    Defaults are dropped, because client generators treat a member with a default as required.
    """
    if isinstance(form, list):
        return [_exact(part) for part in form]
    if not isinstance(form, dict):
        return form
    if form.get("format") == "decimal":
        return {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": AMOUNT}]}
    free = {"additionalProperties": True} if form.get("type") == "object" and "properties" not in form else {}
    return {name: _exact(part) for name, part in form.items() if name != "default"} | free
