"""The limits of a delivery, as published at `/api/v1/limits`, in the guide and in the OpenAPI document.

A fault of the request as a whole refuses the request; a fault of one item puts that item into quarantine.
"""

from collections.abc import Sequence
from typing import Any

from billing_engine.core.errors import Refused
from leads.models.action import LARGEST_QUANTITY, LARGEST_VALUE

# Per request.
BYTES = 20 * 1024 * 1024  # of the body, both compressed and uncompressed
LEADS = 5_000
ACTIONS = 20_000
VALUES = 500_000  # counted by commas, [ and {, because each value takes memory

# Per item.
ACTIONS_A_LEAD = 1_000
ATTRIBUTES_BYTES = 16 * 1024  # of `attributes`, and of `consent`, as JSON
DEPTH = 16  # nested objects and lists, counting the lead itself

# Timeouts: a step that takes longer is canceled, and the whole request with it.
WAITING_SECONDS = 10  # for another request that stores the same rows
STEP_SECONDS = 20

PUBLISHED = {
    "body_bytes": BYTES,
    "leads_per_delivery": LEADS,
    "actions_per_delivery": ACTIONS,
    "values_per_delivery": VALUES,
    "actions_per_lead": ACTIONS_A_LEAD,
    "attributes_bytes": ATTRIBUTES_BYTES,
    "nesting_depth": DEPTH,
    "waiting_seconds": WAITING_SECONDS,
    "step_seconds": STEP_SECONDS,
    # Unless the action type has its own limits.
    "largest_quantity": LARGEST_QUANTITY,
    "largest_value": LARGEST_VALUE,
}


class TooLarge(Refused):
    """More bytes than one request may have."""

    code = "too_large"
    http_status = 413
    message = f"A delivery has at most {BYTES:,} bytes, compressed and uncompressed. Send it in parts."


class TooManyItems(Refused):
    """More leads, actions or values than one request may have."""

    code = "too_many_items"
    http_status = 413


def check_values(body: bytes, *, is_lines: bool) -> None:
    """Refuse, before parsing, a body that would grow far larger in memory, such as `[0,0,0,…` or `{},{},…`."""
    values = sum(body.count(sign) for sign in ((b",", b"[", b"{", b"\n") if is_lines else (b",", b"[", b"{")))
    if values > VALUES:
        raise TooManyItems(
            f"A delivery has at most {VALUES:,} values; this one has about {values:,}. Send it in parts."
        )


def check_number_of_leads(leads: int, *, most: int | None) -> None:
    """Refuse more leads than `most`, if there is a limit."""
    if most is not None and leads > most:
        raise TooManyItems(f"A delivery has at most {most:,} leads; this one has {leads:,}. Send it in parts.")


def check_items(items: Sequence[Any]) -> None:
    """Refuse a request with too many leads or actions."""
    check_number_of_leads(len(items), most=LEADS)
    actions = sum(_actions_in(item) for item in items)
    if actions > ACTIONS:
        raise TooManyItems(f"A delivery has at most {ACTIONS:,} actions; this one has {actions:,}. Send it in parts.")


def _actions_in(item: Any) -> int:
    actions = item.get("actions") if isinstance(item, dict) else None
    return len(actions) if isinstance(actions, list) else 0
