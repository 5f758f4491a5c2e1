"""What an event of Stripe says, read strictly: what is not there or not of its kind is refused, never guessed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billing_engine.core import money
from billing_engine.core.errors import Refused
from receivables.domain.online.minor_units import from_minor

# The payer's details: they are not needed here, so they are not kept.
OF_THE_PAYER = frozenset(
    {
        *(
            "customer_details",
            "customer_email",
            "collected_information",
            "billing_details",
            "shipping",
            "shipping_details",
        ),
        *("receipt_email", "evidence", "payment_method_details", "custom_fields", "destination_details"),
    }
)


class NotUnderstood(Refused):
    """The event lacks something, or says it in another way."""

    code = "online_event_not_understood"


@dataclass(frozen=True, slots=True)
class Told:
    """One event: its ID, its kind, when it happened, and the object that it is about."""

    id: str
    kind: str
    happened_at: datetime
    object: dict[str, Any]

    def text(self, name: str) -> str:
        """The string of this name. Raises NotUnderstood without it."""
        found = self.object.get(name)
        if not isinstance(found, str) or not found:
            raise NotUnderstood(f"The event has no “{name}”.")
        return found

    def key(self, name: str) -> str:
        """The ID of another object, which is there itself or by its ID; "" if there is none."""
        found = self.object.get(name)
        found = found.get("id") if isinstance(found, dict) else found
        return found if isinstance(found, str) else ""

    def amount(self, name: str, of: dict[str, Any] | None = None) -> Decimal:
        """An amount of the object, or of a part of it, in the currency that stands beside it."""
        part = self.object if of is None else of
        found, currency = part.get(name), str(part.get("currency") or "").upper()
        if not isinstance(found, int) or isinstance(found, bool) or not money.is_currency(currency):
            raise NotUnderstood(f"The event has no “{name}”, or no currency of it.")
        return from_minor(found, currency)

    @property
    def currency(self) -> str:
        """The currency of the object."""
        return self.text("currency").upper()

    @property
    def subject(self) -> str:
        """The payment intent that it is about; "" for a payout."""
        return self.key("payment_intent")

    def parts(self, name: str) -> Iterator[dict[str, Any]]:
        """The objects in a list of the object."""
        found = self.object.get(name)
        yield from (each for each in (found if isinstance(found, list) else ()) if isinstance(each, dict))


def told_of(event: dict[str, Any]) -> Told:
    """Return what an event says. Raises NotUnderstood if it is not one."""
    data = event.get("data")
    found = data.get("object") if isinstance(data, dict) else None
    key, kind, created = event.get("id"), event.get("type"), event.get("created")
    if not (isinstance(key, str) and key and isinstance(kind, str) and isinstance(created, int)):
        raise NotUnderstood("It is not an event of Stripe.")
    if not isinstance(found, dict):
        raise NotUnderstood("The event is about nothing.")
    try:
        happened_at = datetime.fromtimestamp(created, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise NotUnderstood("The event has no time.") from error
    return Told(key, kind, happened_at, found)


def without_payer(value: Any) -> Any:
    """Return a body without the payer's details."""
    if isinstance(value, dict):
        return {name: without_payer(each) for name, each in value.items() if name not in OF_THE_PAYER}
    return [without_payer(each) for each in value] if isinstance(value, list) else value
