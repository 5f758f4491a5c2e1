"""What a source may send: the form of a lead and of an action, checked item by item so that none fails its neighbours."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
from msgspec import Meta, Struct, convert, field

from billing_engine.core.errors import Refused
from leads.domain.identity import external_id

Id = Annotated[str, Meta(min_length=1, max_length=200)] | int
Short = Annotated[str, Meta(max_length=80)]
Text = Annotated[str, Meta(max_length=200)]
Item = TypeVar("Item")
Instant = Annotated[datetime, Meta(tz=True)]


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
    campaign: Text = ""
    occurred_at: Instant | None = None
    is_test: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)
    actions: list[Any] = field(default_factory=list)


class ActionItem(Struct, forbid_unknown_fields=True):
    """One thing the lead did; quantities and values are exact, as JSON numbers or strings."""

    id: Id
    type: Annotated[str, Meta(min_length=1, max_length=60)]
    occurred_at: Instant
    quantity: Decimal = Decimal(1)
    value: Decimal | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


class BodyNotReadable(Refused):
    """Nothing in the body could be taken as an item."""

    code = "body_not_readable"
    http_status = 400


class Fault(NamedTuple):
    """Why one item can't be stored as data: a stable code, where in the item (JSON pointer), and words."""

    code: str
    pointer: str
    message: str


class Malformed(NamedTuple):
    """An item that a reader of files could not even make an object of."""

    content: Any
    fault: Fault


class Placed(NamedTuple):
    """An item and where in the body it stands (JSON pointer)."""

    pointer: str
    item: Any


# Numbers keep the digits they were sent with: 0.1 stays 0.1.
_decoder = msgspec.json.Decoder(float_hook=Decimal)
_WHERE = re.compile(r"(?P<words>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_LIMIT = Decimal(10) ** 12
_DIGITS = 300
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_CLOCKS_DIFFER_BY = timedelta(minutes=5)


def read_body(body: bytes) -> list[Placed]:
    """The items of a request, one lead object or a list of them, each with its place. Raises BodyNotReadable."""
    try:
        content = _decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BodyNotReadable(f"The body is not JSON: {error}") from error
    if isinstance(content, list):
        return [Placed(f"/{place}", item) for place, item in enumerate(content)]
    if isinstance(content, dict):
        return [Placed("", content)]
    raise BodyNotReadable("The body is neither a lead object nor a list of them.")


def read_lead(item: Any, *, received_at: datetime) -> LeadItem | Fault:
    """The lead, its actions still unread, or what is wrong with it."""
    if isinstance(item, Malformed):
        return item.fault
    if not isinstance(item, dict):
        return Fault("not_an_object", "", "A lead is a JSON object.")
    # Its actions are read on their own: a bad one does not fail its lead.
    lead = _converted(item, LeadItem, scanned=item | {"actions": None})
    if isinstance(lead, Fault):
        return lead
    return _id_fault(lead.id) or _time_fault(lead.occurred_at, received_at) or lead


def read_action(item: Any, *, received_at: datetime) -> ActionItem | Fault:
    """The action, or what is wrong with it."""
    if not isinstance(item, dict):
        return Fault("not_an_object", "", "An action is a JSON object.")
    action = _converted(item, ActionItem, scanned=item)
    if isinstance(action, Fault):
        return action
    return _id_fault(action.id) or _time_fault(action.occurred_at, received_at) or _number_fault(action) or action


def _converted(item: dict[str, Any], form: type[Item], *, scanned: dict[str, Any]) -> Item | Fault:
    unstorable = _unstorable(scanned)
    if unstorable:
        return unstorable
    try:
        return convert(_given(item), form)
    except msgspec.ValidationError as error:
        return _fault(str(error))


def _given(item: dict[str, Any]) -> dict[str, Any]:
    """Without the members that are null, one level deep: many systems send null for what they do not know."""
    given = {name: member for name, member in item.items() if member is not None}
    for part in ("product", "contact"):
        if isinstance(given.get(part), dict):
            given[part] = {name: member for name, member in given[part].items() if member is not None}
    return given


def _fault(text: str) -> Fault:
    """msgspec's «Expected `str`, got `int` - at `$.contact.email`» as a fault."""
    found = _WHERE.match(text)
    words, path = (found["words"], found["path"] or "") if found else (text, "")
    pointer = "".join(f"/{name or number}" for name, number in _STEP.findall(path))
    if "missing required field" in words:
        return Fault("member_missing", pointer, words + ".")
    if "unknown field" in words:
        return Fault("member_unknown", pointer, words + "; what has no place of its own goes into `attributes`.")
    if "timezone" in words:
        return Fault("time_without_offset", pointer, "A time needs its offset, such as 2026-10-31T17:41:09-05:00.")
    return Fault("member_invalid", pointer, words + ".")


def _id_fault(given: str | int) -> Fault | None:
    if 0 < len(external_id(given)) <= 200:
        return None
    return Fault("member_invalid", "/id", "An id has from 1 to 200 characters that are not space.")


def _time_fault(instant: datetime | None, received_at: datetime) -> Fault | None:
    if instant is None or _EARLIEST <= instant <= received_at + _CLOCKS_DIFFER_BY:
        return None
    if instant < _EARLIEST:
        return Fault("occurred_too_early", "/occurred_at", "Nothing that occurred before the year 2000 is billed.")
    return Fault("occurred_in_the_future", "/occurred_at", f"It was received before, at {received_at.isoformat()}.")


def _number_fault(action: ActionItem) -> Fault | None:
    for name, number in (("quantity", action.quantity), ("value", action.value)):
        if number is None:
            continue
        if not number.is_finite() or not 0 <= number < _LIMIT:
            return Fault(f"{name}_invalid", f"/{name}", f"A {name} is a number from 0 to below 10¹².")
        if number != number.quantize(Decimal("0.000001")):
            return Fault(f"{name}_invalid", f"/{name}", f"A {name} has at most six decimal places.")
    return None


def _unstorable(item: Any) -> Fault | None:
    for leaf in _leaves(item):
        if isinstance(leaf, str) and "\0" in leaf:
            return Fault("nul_character", "", "PostgreSQL cannot store the character NUL (\\u0000).")
        if isinstance(leaf, Decimal) and not is_storable(leaf):
            return Fault("number_too_large", "", f"No number of a lead is as large, or as fine, as {leaf}.")
    return None


def is_storable(number: Decimal) -> bool:
    """PostgreSQL's numbers end somewhere; far before that, nobody's do."""
    return abs(number.adjusted()) <= _DIGITS


def _leaves(value: Any) -> Iterator[Any]:
    """Every text, name and number in a JSON value."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from _leaves(member)
    elif isinstance(value, list):
        for member in value:
            yield from _leaves(member)
    else:
        yield value
