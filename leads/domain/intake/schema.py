"""What a source may send: the form of a lead and of an action, checked item by item so that none fails its neighbours."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct, convert, field

from leads.domain import limits
from leads.domain.faults import Fault, fault_of
from leads.domain.identity import external_id, to_the_microsecond, unseen_in
from leads.domain.intake.decode import Flawed, Malformed

Id = Annotated[str, Meta(min_length=1, max_length=200)] | int
Short = Annotated[str, Meta(max_length=80)]
Text = Annotated[str, Meta(max_length=200)]
Item = TypeVar("Item")
Instant = Annotated[datetime, Meta(tz=True)]


# For the OpenAPI document: each action is read by itself, so that a bad one does not fail its lead.
_ACTIONS = {
    "items": {"anyOf": [{"$ref": "#/components/schemas/ActionItem"}, {"$ref": "#/components/schemas/VoidItem"}]}
}


class ProductItem(Struct, forbid_unknown_fields=True):
    """Which product the lead is about; name and category matter where the source may add products."""

    sku: Annotated[str, Meta(min_length=1, max_length=100)] | int
    customer: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    name: Text = ""
    category: Short = ""


class ContactItem(Struct, forbid_unknown_fields=True):
    """The person, as far as known."""

    name: Text = ""
    email: Annotated[str, Meta(max_length=254)] = ""
    phone: Annotated[str, Meta(max_length=40)] = ""
    firm: Text = ""
    country: Short = ""
    region: Short = ""


class LeadItem(Struct, forbid_unknown_fields=True):
    """A lead with its actions; without a product it adds actions to a lead sent earlier."""

    id: Id
    product: ProductItem | None = None
    contact: ContactItem = field(default_factory=ContactItem)
    channel: Annotated[str, Meta(max_length=40)] = ""
    campaign: Text = ""
    consent: dict[str, Any] = field(default_factory=dict)
    occurred_at: Instant | None = None
    is_test: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)
    actions: Annotated[list[Any], Meta(extra_json_schema=_ACTIONS)] = field(default_factory=list)


class ActionItem(Struct, forbid_unknown_fields=True):
    """One thing the lead did; quantities and values are exact, as JSON numbers or strings."""

    id: Id
    type: Annotated[str, Meta(min_length=1, max_length=60)]
    occurred_at: Instant
    quantity: Decimal = Decimal(1)
    value: Decimal | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


class Void(Struct, forbid_unknown_fields=True):
    """Why an action is taken back."""

    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class VoidItem(Struct, forbid_unknown_fields=True):
    """An action sent earlier that its source takes back."""

    id: Id
    void: Void


# How a quantity or a value is spelled where it is sent as a text; the OpenAPI document says so too.
AMOUNT = r"^\d{1,12}(\.\d{1,6})?$"

_is_amount = re.compile(AMOUNT, re.ASCII).fullmatch
_json = msgspec.json.Encoder(decimal_format="number")
_LIMIT = Decimal(10) ** 12
_DIGITS = 300
_TOO_MANY_DIGITS: int = 10 ** (_DIGITS + 1)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_CLOCKS_DIFFER_BY = timedelta(minutes=5)


def read_lead(item: Any, *, received_at: datetime) -> LeadItem | Fault:
    """The lead, its actions still unread, or what is wrong with it."""
    if isinstance(item, Flawed | Malformed) and item.fault:
        return item.fault
    if not isinstance(item, dict):
        return Fault("not_an_object", "", "A lead is a JSON object.")
    # Its actions are read on their own: a bad one does not fail its lead.
    lead = _converted(item, LeadItem, scanned=item | {"actions": None})
    if isinstance(lead, Fault):
        return lead
    return (
        _id_fault(lead.id)
        or _sku_fault(lead)
        or _time_fault(lead.occurred_at, received_at)
        or _size_fault("attributes", lead.attributes)
        or _size_fault("consent", lead.consent)
        or _number_of_actions_fault(lead)
        or lead
    )


def read_action(item: Any, *, received_at: datetime) -> ActionItem | VoidItem | Fault:
    """The action, or the word that takes one back, or what is wrong with it."""
    if isinstance(item, Flawed) and item.fault:
        return item.fault
    if not isinstance(item, dict):
        return Fault("not_an_object", "", "An action is a JSON object.")
    if item.get("void") is not None:
        return _read_void(item)
    action = _converted(item, ActionItem, scanned=item)
    if isinstance(action, Fault):
        return action
    return (
        _id_fault(action.id)
        or _time_fault(action.occurred_at, received_at)
        or _number_fault(item, action)
        or _size_fault("attributes", action.attributes)
        or action
    )


def _read_void(item: dict[str, Any]) -> VoidItem | Fault:
    void = _converted(item, VoidItem, scanned=item)
    if isinstance(void, Fault):
        return void
    if not void.void.reason.strip():
        return Fault("member_invalid", "/void/reason", "A reason is more than space.")
    return _id_fault(void.id) or void


def _converted(item: dict[str, Any], form: type[Item], *, scanned: dict[str, Any]) -> Item | Fault:
    unstorable = _unstorable(scanned)
    if unstorable:
        return unstorable
    try:
        return convert(_given(item), form)
    except msgspec.ValidationError as error:
        return fault_of(str(error))


def _given(item: dict[str, Any]) -> dict[str, Any]:
    """Without the members that are null, one level deep: many systems send null for what they do not know."""
    given = {name: member for name, member in item.items() if member is not None}
    for part in ("product", "contact"):
        if isinstance(given.get(part), dict):
            given[part] = {name: member for name, member in given[part].items() if member is not None}
    if isinstance(given.get("occurred_at"), str):
        given["occurred_at"] = to_the_microsecond(given["occurred_at"])
    return given


def _id_fault(given: str | int) -> Fault | None:
    if not 0 < len(external_id(given)) <= 200:
        return Fault("member_invalid", "/id", "An id has from 1 to 200 characters that are not space.")
    unseen = unseen_in(external_id(given))
    return Fault("member_invalid", "/id", f"The id {unseen}.") if unseen else None


def _sku_fault(lead: LeadItem) -> Fault | None:
    if lead.product is None:
        return None
    sku = external_id(lead.product.sku)
    if not 0 < len(sku) <= 100:
        return Fault("member_invalid", "/product/sku", "A SKU has from 1 to 100 characters that are not space.")
    unseen = unseen_in(sku)
    return Fault("member_invalid", "/product/sku", f"The SKU {unseen}.") if unseen else None


def _time_fault(instant: datetime | None, received_at: datetime) -> Fault | None:
    if instant is None or _EARLIEST <= instant <= received_at + _CLOCKS_DIFFER_BY:
        return None
    if instant < _EARLIEST:
        return Fault("occurred_too_early", "/occurred_at", "Nothing that occurred before the year 2000 is billed.")
    return Fault("occurred_in_the_future", "/occurred_at", _ahead(instant, received_at))


def _ahead(instant: datetime, received_at: datetime) -> str:
    """Says both times: «received before» alone would sound like a duplicate."""
    times = [f"{each.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for each in (instant, received_at)]
    return f"It says {times[0]}, which is still to come: we received it at {times[1]}. Check your clock and the offset."


def _size_fault(name: str, content: dict[str, Any]) -> Fault | None:
    if not content or len(_json.encode(content)) <= limits.ATTRIBUTES_BYTES:
        return None
    return Fault("member_too_large", f"/{name}", f"It has more than {limits.ATTRIBUTES_BYTES:,} bytes as JSON.")


def _number_of_actions_fault(lead: LeadItem) -> Fault | None:
    if len(lead.actions) <= limits.ACTIONS_A_LEAD:
        return None
    words = f"A lead comes with at most {limits.ACTIONS_A_LEAD:,} actions at once: send the others in a delivery of their own."
    return Fault("too_many_actions", "/actions", words)


def is_spelled(amount: Any) -> bool:
    """Whether a quantity or value that is sent as a text is spelled as the OpenAPI document says."""
    return not isinstance(amount, str) or _is_amount(amount) is not None


def _number_fault(item: dict[str, Any], action: ActionItem) -> Fault | None:
    for name, number in (("quantity", action.quantity), ("value", action.value)):
        if number is None:
            continue
        if not is_storable(number) or not 0 <= number < _LIMIT:
            return Fault(f"{name}_invalid", f"/{name}", f"A {name} is a number from 0 to below 10¹².")
        if number != number.quantize(Decimal("0.000001")):
            return Fault(f"{name}_invalid", f"/{name}", f"A {name} has at most six decimal places.")
        if not is_spelled(item.get(name)):
            words = f"A {name} sent as a text has up to 12 digits and up to six decimal places, and nothing else: 12 or 0.5."
            return Fault(f"{name}_invalid", f"/{name}", words)
    return None


def _unstorable(item: Any) -> Fault | None:
    """What PostgreSQL, or anybody, could not hold: looked for level by level, so that no depth is too deep to look."""
    level = [item]
    for _ in range(limits.DEPTH):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif fault := _leaf_fault(value):
                return fault
        if not below:
            return None
        level = below
    if any(isinstance(value, dict | list) for value in level):
        return Fault("nested_too_deeply", "", f"Objects and lists stand at most {limits.DEPTH} deep in one another.")
    return next((fault for value in level if (fault := _leaf_fault(value))), None)


def _leaf_fault(leaf: Any) -> Fault | None:
    if isinstance(leaf, str):
        if "\0" in leaf:
            return Fault("nul_character", "", "PostgreSQL cannot store the character NUL (\\u0000).")
    elif isinstance(leaf, Decimal | int) and not is_storable(leaf):
        return Fault("number_too_large", "", f"No number has more than {_DIGITS} digits, or is as small.")
    return None


def is_storable(number: Decimal | int) -> bool:
    """PostgreSQL's numbers end somewhere, those of zero too; far before that, nobody's do."""
    if isinstance(number, int):
        return abs(number) < _TOO_MANY_DIGITS
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        return False  # no number, or none that ends
    return abs(exponent) <= _DIGITS and len(number.as_tuple().digits) <= _DIGITS
