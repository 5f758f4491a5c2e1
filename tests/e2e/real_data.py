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
    "id": "{Prospect ID}",
    "product": {"sku": "{Lead Origin|slug}", "customer": "XEDU", "name": "{Lead Origin}"},
    "contact": {"country": "{Country}", "region": "{City}"},
    "campaign": "{Lead Source}",
    "attributes": {"number": "{Lead Number}", "quality": "{Lead Quality}", "profile": "{Lead Profile}"},
    "actions": [
        {
            "id": "visits",
            "type": "website_visit",
            "quantity": "{TotalVisits}",
            "occurred_at": "2026-09-15T12:00:00+05:30",
            "when": "{TotalVisits}",
        },
        {
            "id": "last",
            "type": "{Last Activity|slug}",
            "occurred_at": "2026-09-16T12:00:00+05:30",
            "when": "{Last Activity}",
        },
        {
            "id": "last-notable",
            "type": "{Last Notable Activity|slug}",
            "occurred_at": "2026-09-16T12:00:00+05:30",
            "when": "{Last Notable Activity}",
        },
        {"id": "converted", "type": "converted", "occurred_at": "2026-09-20T12:00:00+05:30", "when": "{Converted}"},
    ],
}
