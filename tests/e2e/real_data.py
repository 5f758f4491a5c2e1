"""Real data as deliveries: the code one would write to connect these two sources."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tests.shared import OTTO

OTTO_TYPES = ("clicks", "carts", "orders")


def otto_leads() -> Iterator[list[dict[str, Any]]]:
    """One request per session: each product it touched is a lead, and each event an action."""
    with OTTO.open() as file:
        for line in file:
            session = json.loads(line)
            by_product: dict[int, list[dict[str, Any]]] = {}
            for place, event in enumerate(session["events"]):
                at = datetime.fromtimestamp(event["ts"] / 1000, tz=UTC).isoformat()
                by_product.setdefault(event["aid"], []).append({"id": place, "type": event["type"], "occurred_at": at})
            yield [
                {
                    "id": f"{session['session']}-{product}",
                    "product": {"sku": product, "customer": "OTTO"},
                    "attributes": {"session": session["session"]},
                    "actions": actions,
                }
                for product, actions in by_product.items()
            ]


# The export has no times, so everything is dated to the day of the export.
X_EDUCATION_MAPPING: dict[str, Any] = {
    "fields": {
        "id": '"Prospect ID"',
        "product.sku": {"from": '"Lead Origin"', "text": "slug"},
        "product.customer": {"constant": "XEDU"},
        "product.name": '"Lead Origin"',
        "contact.country": "Country",
        "contact.region": "City",
        "campaign": '"Lead Source"',
        "attributes.number": '"Lead Number"',
        "attributes.quality": '"Lead Quality"',
        "attributes.profile": '"Lead Profile"',
    },
    "actions": [
        {
            "when": "TotalVisits",
            "fields": {
                "id": {"constant": "visits"},
                "type": {"constant": "website_visit"},
                "quantity": "TotalVisits",
                "occurred_at": {"constant": "2026-09-15T12:00:00+05:30"},
            },
        },
        {
            "when": '"Last Activity"',
            "fields": {
                "id": {"constant": "last"},
                "type": {"from": '"Last Activity"', "text": "slug"},
                "occurred_at": {"constant": "2026-09-16T12:00:00+05:30"},
            },
        },
        {
            "when": '"Last Notable Activity"',
            "fields": {
                "id": {"constant": "last-notable"},
                "type": {"from": '"Last Notable Activity"', "text": "slug"},
                "occurred_at": {"constant": "2026-09-16T12:00:00+05:30"},
            },
        },
        {
            "when": "Converted",
            "fields": {
                "id": {"constant": "converted"},
                "type": {"constant": "converted"},
                "occurred_at": {"constant": "2026-09-20T12:00:00+05:30"},
            },
        },
    ],
}
