"""How much a delivery may hold: published at `/api/v1/limits`, in the guide and in the OpenAPI document, and enforced.

What is wrong with a request as a whole refuses it; what is wrong with one item puts that item into quarantine.
"""

from collections.abc import Sequence
from typing import Any

from billing_engine.core.errors import Refused
from leads.models.action import LARGEST_QUANTITY, LARGEST_VALUE

# Of a request as a whole.
BYTES = 20 * 1024 * 1024  # of a body, as it is sent and unpacked
LEADS = 5_000
ACTIONS = 20_000
VALUES = 500_000  # commas, and beginnings of objects and lists: as many values, each of which takes memory

# Of one item.
ACTIONS_A_LEAD = 1_000
ATTRIBUTES_BYTES = 16 * 1024  # of `attributes`, and of `consent`, as JSON
DEPTH = 16  # objects and lists within one another, the lead itself the first

# Of time: a step that takes longer is broken off, and with it everything.
WAITING_SECONDS = 10  # for another request that stores the same
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
    # Unless the action type has limits of its own.
    "largest_quantity": LARGEST_QUANTITY,
    "largest_value": LARGEST_VALUE,
}


class TooLarge(Refused):
    """More bytes than one request may hold."""

    code = "too_large"
    http_status = 413
    message = f"A delivery has at most {BYTES:,} bytes, packed and unpacked: send it in parts."


class TooManyItems(Refused):
    """More leads, actions or values than one request may hold."""

    code = "too_many_items"
    http_status = 413


def check_values(body: bytes, *, is_lines: bool) -> None:
    """Refuse, before it is read, a body that would become far larger in memory than it is: `[0,0,0,…` as much as `{},{},…`."""
    values = sum(body.count(sign) for sign in ((b",", b"[", b"{", b"\n") if is_lines else (b",", b"[", b"{")))
    if values > VALUES:
        raise TooManyItems(f"A delivery has at most {VALUES:,} values, this one about {values:,}: send it in parts.")


def check_number_of_leads(leads: int, *, most: int | None) -> None:
    """Refuse more leads than `most`, if there is a limit."""
    if most is not None and leads > most:
        raise TooManyItems(f"A delivery has at most {most:,} leads, this one {leads:,}: send it in parts.")


def check_items(items: Sequence[Any]) -> None:
    """Refuse a request with more leads or actions than one may hold."""
    check_number_of_leads(len(items), most=LEADS)
    actions = sum(_actions_in(item) for item in items)
    if actions > ACTIONS:
        raise TooManyItems(f"A delivery has at most {ACTIONS:,} actions, this one {actions:,}: send it in parts.")


def _actions_in(item: Any) -> int:
    actions = item.get("actions") if isinstance(item, dict) else None
    return len(actions) if isinstance(actions, list) else 0
